"""The worker's own process: loads the app, then runs what the host asks for until the host is gone."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from localcloud.clock import Line
from localcloud.host.app import App
from localcloud.host.indexing import Datum, LoadError
from localcloud.host.pipe import Answer, Call, HostMessage, Loaded, packed, received


def work(end: socket.socket, app_dir: Path) -> None:
    """Serves the host at the other end of the socket; never returns."""
    # The host is what is stopped, and then this ends with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        app = App.load(app_dir)
    except LoadError as error:
        end.sendall(packed(Loaded(problems=error.problems)))
        os._exit(1)
    _Desk(end, app).serve()
    # Running functions are abandoned, as when a worker process is killed.
    os._exit(0)


class _Desk:
    """Takes the host's calls and answers each once, from whichever thread it ends on."""

    def __init__(self, end: socket.socket, app: App) -> None:
        self._end, self._app = end, app
        self._one_at_a_time = threading.Lock()
        self._time: Line | None = None

    def serve(self) -> None:
        self._send(Loaded(self._app.declared))
        with suppress(EOFError, OSError):
            while True:
                self._take(received(self._end))

    def _take(self, message: HostMessage) -> None:
        if self._time is None:
            self._time = message.time
            self._app.use_clock(self._now)
        self._time = message.time
        if message.call is not None:
            self._begin(message.call)

    def _begin(self, call: Call) -> None:
        done: Future[Datum | None] = Future()
        done.add_done_callback(lambda ended: self._send(_answer(call.id, ended)))
        self._app.run(call.function, call.data, call.client, done)

    def _send(self, value: Loaded | Answer) -> None:
        # An OSError means that the host is gone, which `serve` notices too.
        with self._one_at_a_time, suppress(OSError):
            self._end.sendall(packed(value))

    def _now(self) -> datetime:
        """The host's time as it was last told; it runs on as the host's does."""
        line = self._time
        if line is None:
            raise RuntimeError("the host has not told the time yet")
        return line.at(time.monotonic())


def _answer(key: int, done: Future[Datum | None]) -> Answer:
    failure = done.exception()
    if failure is not None:
        return Answer(key, failure=str(failure))
    return Answer(key, done.result())
