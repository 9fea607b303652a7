"""The fork server as the tests see it: starts and kills runtimes, one at a time."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, cast

ROOT = Path(__file__).resolve().parents[2]


class ForkServer:
    """A process of fork_server_process.py; `environ` and `log` are its children's too."""

    def __init__(self, environ: Mapping[str, str], log: BinaryIO) -> None:
        # Its process id; 0: none.
        self.child = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.fork_server_process"],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            bufsize=0,
            start_new_session=True,
        )
        self._to = cast(BinaryIO, self._process.stdin)
        self._from = cast(BinaryIO, self._process.stdout)

    @property
    def alive(self) -> bool:
        """Return True if there is a child that has not ended by itself."""
        return self.child > 0 and not select.select([self._from], [], [], 0)[0]

    def fork(self, arguments: Sequence[str]) -> None:
        """Start a child that serves with these arguments of the demo's command line."""
        self._to.write(json.dumps(arguments).encode() + b"\n")
        self.child = int(self._from.readline())

    def kill(self) -> None:
        """SIGKILL; nothing of the child is left on return."""
        if self.child:
            if self.alive:
                os.kill(self.child, signal.SIGKILL)
            self._from.readline()
            self.child = 0

    def close(self) -> None:
        """End the fork server; neither it nor its child is left on return."""
        self.kill()
        self._process.kill()
        self._process.wait()
        self._to.close()
        self._from.close()
