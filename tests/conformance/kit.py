"""The kit of ../shared/durable with the points that the extension 3.19.0 answers otherwise laid over its recordings.

    python -m tests.conformance.kit KIT POINTS [the kit's own options]

A point is named as the kit names it (compare.py). One that the overlay has and the comparison does not (both the
recording and the host lack it) differs too.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.conformance.recording import read

ABSENT = "<absent>"
Points = Mapping[str, Any]


def overlaid(compare: Callable[..., Any], point: Any, newer: Mapping[str, Points]) -> Any:
    """The kit's `compare`, which takes the newer values where there are some; `point` is the kit's class."""

    def compared(rules: Any, recorded: Any, actual: Any) -> list[Any]:
        mine = newer.get(rules.scenario, {})
        points = compare(rules, recorded, actual)
        names = {item.name for item in points}
        lacking = [point(name, mine[name], ABSENT) for name in mine if name not in names]
        return [_newer(item, mine, point) for item in points] + lacking

    return compared


def _newer(item: Any, mine: Points, point: Any) -> Any:
    return point(item.name, mine.get(item.name, item.recorded), item.actual, item.skipped)


def main() -> int:
    """Runs the kit; its exit status."""
    folder, points, *options = sys.argv[1:]
    sys.path.insert(0, folder)
    kit: Any = importlib.import_module("conformance")
    kit.compare = overlaid(kit.compare, kit.Point, read(Path(points)))
    return int(kit.main(options))


if __name__ == "__main__":
    sys.exit(main())
