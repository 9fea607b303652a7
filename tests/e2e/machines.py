"""A second `func` of the same hub, as if it ran on another machine.

The Durable extension writes the machine's name into the partitions table as the owner of a partition. Two hosts on one
machine are one owner to it: each of them runs every orchestration. So the second one gets a name of its own, in a
namespace of its own (https://man7.org/linux/man-pages/man7/uts_namespaces.7.html).
"""

import shutil
import subprocess
import sys

from tests.e2e.hosts import CoreTools

UNSHARE = ("unshare", "--map-root-user", "--uts")
# No shell: some of them drop settings with a dot in the name.
RENAMED = (
    "import os, socket, sys; socket.sethostname(sys.argv[1]); os.execvp(sys.argv[2], sys.argv[2:])"
)


def missing_for_machines() -> str:
    """Return the reason that nothing can run under another machine's name here; empty if it can."""
    if not shutil.which(UNSHARE[0]):
        return "`unshare` (util-linux)"
    tried = subprocess.run([*UNSHARE, "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "user namespaces (`unshare --map-root-user --uts`)"


class CoreToolsElsewhere(CoreTools):
    """`func start` on a machine of this name."""

    name = "func-elsewhere"

    def _command(self) -> list[str]:
        return [*UNSHARE, sys.executable, "-c", RENAMED, self.name, *super()._command()]
