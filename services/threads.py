"""Threads for what waits: the worker's one event loop serves every handler, so none of them may block it.

The records have threads of their own, so that a slow Azure delays no decision and no cancellation. What asks Azure has
a bounded number of threads, and a bounded number of callers that wait for one: more are refused at once, long before
the host's own limit of requests (host.json) is reached. Asyncio's default pool, cpu + 4 threads, is used for neither.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

RECORD_THREADS, ARM_THREADS, MOST_AT_AZURE = 8, 12, 64
COME_BACK_SECONDS = 10


class AzureBusyError(Exception):
    """So many callers wait for Azure that one more would wait in vain; `retry_after` seconds may help."""

    retry_after = COME_BACK_SECONDS


class Threads:
    """A pool of threads; at most `most` calls are under way or waiting, if that is given."""

    def __init__(self, name: str, threads: int, most: int | None = None) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most, self._calls, self._counting = most, 0, Lock()

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do the work in a thread of the pool; return its result. Raises AzureBusyError when too many calls wait.

        A call that nobody waits for any more still counts until its thread is free.
        """
        self._count_up()
        future = self._pool.submit(partial(work, *args, **kwargs))
        future.add_done_callback(lambda _: self._count_down())
        return await asyncio.wrap_future(future)

    # Counted in whatever thread: activities have event loops of their own, which end before their calls may.

    def _count_up(self) -> None:
        with self._counting:
            if self._most is not None and self._calls >= self._most:
                raise AzureBusyError
            self._calls += 1

    def _count_down(self) -> None:
        with self._counting:
            self._calls -= 1


in_records = Threads("records", RECORD_THREADS).run
at_azure = Threads("azure", ARM_THREADS, MOST_AT_AZURE).run
