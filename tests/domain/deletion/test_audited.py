"""The gate opens on nothing but an audit that stands, records that agree with it, and approvals of its epoch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.approval.decisions import Decision
from domain.audit.anchors import Standing
from domain.deletion.audited import AuditReading, audit_checks, of_this_epoch
from tests.builders import NOW, a_decision

HOLDS, BROKEN = Standing(holds=True, found="5 events"), Standing(holds=False, found="cut")
APPROVAL, REJECTION = a_decision(), a_decision(key="k2", decision=Decision.REJECT)
EARLIER, LATER = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)


def checked(**changes: Any) -> dict[str, tuple[bool, str]]:
    reading = AuditReading(**{"own": HOLDS, "deployment": HOLDS, **changes})
    return {c.name: (c.passed, c.found) for c in audit_checks(reading, (APPROVAL,))}


def test_an_audit_that_stands_passes() -> None:
    """Each check says what it saw."""
    assert checked() == {
        "audit of the migration verifies": (True, "5 events"),
        "audit of the deployment verifies": (True, "5 events"),
        "records agree with the audit": (True, "they do"),
        "approved in this epoch": (True, "epoch 1"),
    }


@pytest.mark.parametrize(
    ("change", "failed", "found"),
    [
        ({"own": BROKEN}, "audit of the migration verifies", "cut"),
        ({"deployment": BROKEN}, "audit of the deployment verifies", "cut"),
        (
            {"contradictions": ("it was cancelled", "x")},
            "records agree with the audit",
            "it was cancelled; x",
        ),
        (
            {"epoch": 2, "since": NOW},
            "approved in this epoch",
            f"epoch 2 began at {NOW.isoformat()}, and nobody has approved since",
        ),
    ],
)
def test_each_flaw_shuts_the_gate(change: dict[str, Any], failed: str, found: str) -> None:
    """And no other check with it."""
    checks = checked(**change)
    assert checks[failed] == (False, found)
    assert [name for name, (passed, _) in checks.items() if not passed] == [failed]


def test_an_approval_of_the_epoch_passes() -> None:
    """From the moment on in which it began."""
    passed, found = checked(epoch=2, since=EARLIER)["approved in this epoch"]
    assert (passed, found) == (True, f"epoch 2 began at {EARLIER.isoformat()}")


def test_approvals_of_an_earlier_epoch_are_void() -> None:
    """Doubts are not."""
    both = (APPROVAL, REJECTION)
    assert of_this_epoch(both, None) == of_this_epoch(both, EARLIER) == both
    assert of_this_epoch(both, NOW) == of_this_epoch(both, LATER) == (REJECTION,)
    nobody = AuditReading(own=HOLDS, deployment=HOLDS, epoch=2, since=EARLIER)
    assert [c.passed for c in audit_checks(nobody, (REJECTION,))] == [True, True, True, False]
    first = AuditReading(own=HOLDS, deployment=HOLDS)
    assert all(c.passed for c in audit_checks(first, ()))


def test_an_audit_that_was_not_read_shuts_the_gate() -> None:
    """Every check on it says so."""
    unread = list(audit_checks(None, (APPROVAL,)))
    assert [(c.passed, c.found) for c in unread[:3]] == [(False, "it was not read")] * 3
