"""A process that has the big libraries loaded and forks runtimes, so that one is up again in no time.

A runtime is a fork: a process of its own, which loads the app by itself and knows nothing of the ones before it but
their state folder. For every line of arguments read, it writes the child's process id, then its exit code.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading

LIBRARIES = (
    "aiohttp.web",
    "azure.durable_functions",
    "azure.identity",
    "azure.mgmt.compute.operations",
    "azure.mgmt.compute.models",
    "localcloud.cli.serving",
    "standardwebhooks",
    "typer.core",
)


def main() -> None:
    """Fork a child for each line of input, one at a time, until the input ends."""
    for library in LIBRARIES:
        importlib.import_module(library)
    if threading.active_count() > 1:
        raise RuntimeError("a library has started a thread, which no fork would have")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _serve(json.loads(line))
        _tell(child)
        _tell(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _serve(arguments: list[str]) -> None:
    """Do what `python -m demo` does with these arguments."""
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(2, 1)
    sys.argv = ["demo", *arguments]
    cli = importlib.import_module("demo.__main__").cli
    cli()
    os._exit(0)


def _tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
