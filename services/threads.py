"""Threads for what waits: the worker's one event loop serves every handler, so none of them may block it.

The records have threads of their own, so that a slow Azure delays no decision and no cancellation. What asks Azure has
a bounded number of threads, and a bounded number of callers that wait for one: more are refused at once, long before
the host's own limit of requests (host.json) is reached. Asyncio's default pool, cpu + 4 threads, is used for neither.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Semaphore
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
        self._places = Semaphore(most) if most is not None else None

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do the work in a thread of the pool; return its result. Raises AzureBusyError when too many calls wait.

        A call that nobody waits for any more still has its place until its thread is free.
        """
        places = self._places
        if places is not None and not places.acquire(blocking=False):
            raise AzureBusyError
        future = self._pool.submit(partial(work, *args, **kwargs))
        if places is not None:
            future.add_done_callback(lambda _: places.release())
        return await asyncio.wrap_future(future)


in_records = Threads("records", RECORD_THREADS).run
at_azure = Threads("azure", ARM_THREADS, MOST_AT_AZURE).run
