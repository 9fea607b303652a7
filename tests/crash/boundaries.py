"""Every boundary of one migration that ARM can see: which call, and on which side of it the runtime dies.

1. A run without crashes tells the calls, in order, and in which burst (one step, one virtual moment) each comes.
2. For every call and every moment there is an image of its own. All images of one burst migrate side by side, since
   they come to their boundaries at the same virtual time; when every one is there, the runtime is killed. A call
   that does not name its image (a gallery, an operation) cannot be told from others', so its image migrates alone.
3. A new runtime carries them all to their ends, which must be the end of the run without crashes.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from tests.crash.evidence import Json

# Threads of the app's pool: https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor
POOL = min(32, (os.cpu_count() or 1) + 4)
# The app's host.json lets eight activities run at a time; those that wait at a boundary must not be all of them. Each
# has a thread of the pool, in which orchestrators run too: the last one's turns need one until its call is held.
SIDE_BY_SIDE = min(7, POOL)


class Moment(StrEnum):
    """The moment at which the runtime dies, as the call sees it."""

    BEFORE = "before the call"
    AFTER = "after the effect, before the answer"
    LATE = "while the call is on its way, to arrive after the restart"


@dataclass(frozen=True)
class Boundary:
    """The `nth` call of a migration, counted from 1, and the side of it. Calls that are not `named` count apart."""

    nth: int
    call: str
    moment: Moment
    named: bool = True

    @property
    def name(self) -> str:
        """The name of the image that is killed here."""
        number = f"{'' if self.named else 'other-'}{self.nth:02d}"
        return f"kill-{number}-{self.moment.name.lower()}-x"

    @property
    def rule(self) -> Json:
        """The fault that lets ARM hold, or swallow, this very call."""
        what = "timeout" if self.moment is Moment.BEFORE else "hold"
        when = "after" if self.moment is Moment.AFTER else "before"
        path = f"{self.name}\\b" if self.named else "^(?!.*kill-)"
        return {"what": what, "when": when, "nth": self.nth, "path": path, "name": self.name}

    def __str__(self) -> str:
        return f"call {self.nth} ({self.call}): {self.moment}"


def boundaries(requests: Sequence[Json], name: str, marks: Sequence[int]) -> list[list[Boundary]]:
    """All boundaries of the migration of the image `name`, the only one there was, by burst.

    marks: how many requests there were whenever the callers or the clock had done a step.
    """
    calls = [(bisect_right(marks, n), r) for n, r in enumerate(requests)]
    numbered = enumerate((call for call in calls if name in call[1]["path"]), 1)
    bursts = groupby(numbered, key=lambda call: (call[1][0], call[1][1]["time"]))
    side_by_side = [[b for nth, (_, r) in burst for b in _sides(nth, r)] for _, burst in bursts]
    others = enumerate((r for _, r in calls if name not in r["path"]), 1)
    return side_by_side + [[b] for nth, r in others for b in _sides(nth, r, named=False)]


def _sides(nth: int, request: Json, *, named: bool = True) -> Iterable[Boundary]:
    """A read that arrives late changes nothing, so only writes do. Resource Graph is read by POST."""
    reads = request["method"] == "GET" or "ResourceGraph" in request["path"]
    call = f"{request['method']} {request['path'].partition('?')[0].rpartition('/')[2]}"
    for moment in Moment:
        if moment is not Moment.LATE or not reads:
            yield Boundary(nth, call, moment, named)
