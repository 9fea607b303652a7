"""The fork server: a process that has everything loaded but the app, and forks itself for each worker.

It is forked from the host before that has threads, an event loop or sockets, so that a worker has
none of these, and starts at once. It ends with the host, as do the workers, whose pipes end.

    FORK   the environment and the app's folder, with one end of the pipe  ->  the worker's pid
    REAP   a worker's pid                                                  ->  its exit code
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from localcloud.host.pipe import packed, received
from localcloud.host.worker_main import work

FORK, REAP = b"+", b"-"
# .NET adds this to the number of the signal that ended a process.
SIGNALLED = 128


class ForkServer:
    """The host's end of the fork server. To be made before there are threads; raises RuntimeError later."""

    def __init__(self) -> None:
        if threading.active_count() > 1:
            raise RuntimeError("there are threads already, which no fork would have")
        self._end, theirs = socket.socketpair()
        if os.fork() == 0:
            self._end.close()
            # Never returns.
            _serve(theirs)
        theirs.close()

    def fork(self, app_dir: Path) -> tuple[int, socket.socket]:
        """Start a worker with this process's environment; return its pid, and the pipe to it."""
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._end, [FORK], [theirs.fileno()])
            self._end.sendall(packed((dict(os.environ), app_dir)))
            return int(received(self._end)), ours

    def reap(self, pid: int) -> int:
        """Return the exit code of a worker whose pipe has ended."""
        self._end.sendall(REAP + packed(pid))
        return int(received(self._end))


def _serve(end: socket.socket) -> NoReturn:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    children: set[int] = set()
    with suppress(EOFError, OSError):
        while True:
            children ^= {_obey(end)}
    for child in children:
        # Its pipe has ended too, but it may be slow to notice.
        os.kill(child, signal.SIGKILL)
    os._exit(0)


def _obey(end: socket.socket) -> int:
    """Do one thing that the host asks for; return the pid of the worker that was forked or reaped."""
    verb, files, *_ = socket.recv_fds(end, 1, 1)
    wanted = received(end)
    if verb == FORK:
        child = os.fork()
        if child == 0:
            end.close()
            environ, app_dir = wanted
            _run_worker(environ, app_dir, socket.socket(fileno=files[0]))
        os.close(files[0])
        end.sendall(packed(child))
        return child
    end.sendall(packed(_end_of(wanted)))
    return int(wanted)


def _run_worker(environ: dict[str, str], app_dir: Path, pipe: socket.socket) -> NoReturn:
    try:
        os.environ.clear()
        os.environ.update(environ)
        work(pipe, app_dir)
    except BaseException:  # noqa: BLE001 - whatever it is, a worker must not go on as its parent
        traceback.print_exc()
    os._exit(1)


def _end_of(child: int) -> int:
    """Return a child's exit code; one that has closed its pipe and lives on is ended."""
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code if code >= 0 else SIGNALLED - code
