"""The events of statements and of boot tests: what people were asked about, who read it, what a boot has shown."""

from domain.approval.statement import KeptStatement, Opening
from domain.audit.events import Event, Kind
from domain.boot_test.recorded import BootResult


def stated(asked: str, kept: KeptStatement) -> Event:
    """The statement of a round was made: what is approved in it; anew, since something has changed, from the second."""
    return Event(
        id=f"stated {asked}",
        kind=Kind.STATED,
        at=kept.asked_at,
        facts={"round": int(asked), "statementHash": kept.hash},
    )


def opened(opening: Opening) -> Event:
    """Somebody who may approve has read a statement, signed in."""
    return Event(
        # Without the reader, who is to be erased.
        id=f"opened {opening.statement_hash[:16]} {opening.at.isoformat()}",
        kind=Kind.OPENED,
        at=opening.at,
        facts={"statementHash": opening.statement_hash},
        personal={"by": opening.by.model_dump(mode="json")},
    )


def boot_tested(result: BootResult) -> Event:
    """A boot test has its verdict, of which the first holds."""
    verdict = result.verdict
    return Event(
        id=f"bootTested {result.test_id}",
        kind=Kind.BOOT_TESTED,
        at=verdict.at,
        facts={
            "test": result.test_id,
            "version": result.version_id,
            "region": result.region,
            "outcome": verdict.outcome.value,
            "code": verdict.code,
        },
    )
