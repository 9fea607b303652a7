"""Waiting on a condition, in real time: for what no clock of the local cloud moves."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LOOK_AGAIN_SECONDS = 0.02


def until(
    look: Callable[[], T | None],
    seconds: float = 20.0,
    story: Callable[[], object] = str,
    again: float = LOOK_AGAIN_SECONDS,
) -> T:
    """The first true answer of `look`, asked every `again` seconds; fails after `seconds` and tells the `story`."""
    end = time.monotonic() + seconds
    while True:
        if answer := look():
            return answer
        assert time.monotonic() < end, f"not within {seconds} s: {story()}"
        time.sleep(again)
