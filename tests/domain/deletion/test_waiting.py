"""A gate that opens by itself is waited for, within the validity of the approval."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from domain.deletion.evidence import Check
from domain.deletion.waiting import opens_at
from tests.builders import NOW

HOUR = timedelta(hours=1)
OPEN = Check(name="a", passed=True, found="f")
SHUT = Check(name="b", passed=False, found="f")
LATER = Check(name="c", passed=False, found="f", opens_at=NOW + HOUR)
LATEST = Check(name="d", passed=False, found="f", opens_at=NOW + 2 * HOUR)


@pytest.mark.parametrize(
    ("checks", "valid_until", "moment"),
    [
        ([OPEN], NOW + HOUR, None),
        ([], NOW + HOUR, None),
        ([OPEN, LATER], NOW + HOUR, NOW + HOUR),
        ([OPEN, LATER], NOW + HOUR - timedelta(microseconds=1), None),
        ([LATER, LATEST], NOW + 3 * HOUR, NOW + 2 * HOUR),
        ([LATEST, LATER], NOW + 2 * HOUR, NOW + 2 * HOUR),
        ([LATER, LATEST], NOW + HOUR, None),
        ([SHUT], NOW + HOUR, None),
        ([LATER, SHUT], NOW + HOUR, None),
        ([LATER], None, None),
    ],
)
def test_only_time_is_waited_for(
    checks: list[Check], valid_until: datetime | None, moment: datetime | None
) -> None:
    """The last of them counts; nothing is waited for that would come too late."""
    assert opens_at(checks, valid_until) == moment
