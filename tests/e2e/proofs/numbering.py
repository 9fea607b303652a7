"""Checks the records of restarts: run numbers without gaps, and a line of the timeline for each."""

from __future__ import annotations

import re
from collections.abc import Mapping

from domain.migration.latch import Latch, Restart
from domain.migration.restarting import OTHER_CODE
from tests.scenarios.bodies import Json

_LINE = re.compile(r"started again \(run (\d+)\)")


def check_numbers(name: str, latch: Latch, status: Json) -> None:
    """Each restart took the next number and is told once; what other code was the cause of is not counted."""
    wanted = list(range(2, latch.run + 1))
    numbers = [match[1] for line in status["timeline"] if (match := _LINE.match(line["text"]))]
    assert [restart.run for restart in latch.restarts] == wanted, name
    assert [int(number) for number in numbers] == wanted, (name, status["timeline"])
    for restart in latch.restarts:
        assert restart.counted == (not by_other_code(restart)), (name, restart)


def by_other_code(restart: Restart) -> bool:
    """Return True if the extension ended the run before it because it was begun on another version."""
    return OTHER_CODE in restart.cause


def runs(latches: Mapping[str, Latch]) -> dict[str, int]:
    """The number of each migration's run."""
    return {name: latch.run for name, latch in latches.items()}
