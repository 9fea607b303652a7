"""A move of the state machine: told when a run fails, which ends at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any


class FailedRunError(BaseException):
    """A run that broke a promise. No Exception, since hypothesis would run those once more, and a run with deaths at
    moments of real time is never the same."""


def move(act: Callable[..., None]) -> Callable[..., None]:
    """Count and note a move, and end the run with all moves when it fails."""

    @wraps(act)
    def moved(machine: Any, **given: Any) -> None:
        report = machine.driver.report
        report.steps += 1
        report.moves.append(f"{act.__name__}({', '.join(f'{k}={v!r}' for k, v in given.items())})")
        try:
            act(machine, **given)
        except Exception as error:
            raise FailedRunError("\n".join([repr(error), *report.moves])) from error

    return moved
