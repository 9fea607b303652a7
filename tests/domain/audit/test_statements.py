"""Statements, their readers and boot tests as facts."""

from datetime import timedelta

from domain.approval.statement import KeptStatement, Opening
from domain.audit.events import Event, Kind
from domain.audit.statements import boot_tested, opened, stated
from domain.boot_test.recorded import BootOutcome
from tests.builders import NOW
from tests.credentials import REQUESTER
from tests.domain.boot_test.boots import a_result

KEPT = KeptStatement(text="a statement", asked_at=NOW)
OPENING = Opening(migration_id="m", statement_hash="h" * 64, by=REQUESTER, at=NOW, seal="s")


def test_each_round_has_its_statement() -> None:
    """By its hash, which decisions name."""
    assert stated("2", KEPT) == Event(
        id="stated 2",
        kind=Kind.STATED,
        at=NOW,
        facts={"round": 2, "statementHash": KEPT.hash},
    )


def test_an_opening_is_a_fact_whose_reader_can_be_erased() -> None:
    """Nothing but what is personal names them, and another opening is another fact."""
    event = opened(OPENING)
    assert event == Event(
        id=f"opened {'h' * 16} {NOW.isoformat()}",
        kind=Kind.OPENED,
        at=NOW,
        facts={"statementHash": "h" * 64},
        personal={"by": REQUESTER.model_dump(mode="json")},
    )
    for other in ({"at": NOW + timedelta(seconds=1)}, {"statement_hash": "i" * 64}):
        assert opened(OPENING.model_copy(update=other)).id != event.id


def test_a_boot_test_is_a_fact_once_it_is_judged() -> None:
    """With the version and what was seen; once, however often its result is written."""
    result = a_result(BootOutcome.FAILED, code="c")
    assert boot_tested(result) == Event(
        id=f"bootTested {result.test_id}",
        kind=Kind.BOOT_TESTED,
        at=result.verdict.at,
        facts={
            "test": result.test_id,
            "version": result.version_id,
            "region": "eastus2",
            "outcome": "failed",
            "code": result.verdict.code,
        },
    )
