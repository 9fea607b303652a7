"""The evidence that a check of the gate leaves behind."""

from __future__ import annotations

from datetime import timedelta

from domain.deletion.evidence import Check
from tests.builders import NOW


def test_the_time_at_which_a_check_may_hold_is_no_evidence() -> None:
    """It is not kept; the check itself is."""
    check = Check(name="n", passed=False, found="f", opens_at=NOW + timedelta(hours=1))
    assert check.model_dump(mode="json") == {"name": "n", "passed": False, "found": "f"}
