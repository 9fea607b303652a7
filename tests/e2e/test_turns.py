"""What waiting costs on the real extension: how often an orchestration is woken to look at a version."""

import pytest

from tests.e2e.hosts import CoreTools
from tests.e2e.real_time import RealTime
from tests.figures import tell

pytestmark = pytest.mark.e2e

POLLS = 12
TURNS_OF_A_POLL = 2  # the timer has fired; the activity has answered
OTHER_TURNS = 8  # the start, the last answer, and what the stages around it take


def test_a_poll_takes_two_turns(func: RealTime) -> None:
    """Timers that fire up to a second early are late enough: nobody wakes only to wait again."""
    migration = func.begin("watched", delete=False)
    func.advance_to_stage("replication", migration, step="PT3S")
    func.wait_until(lambda: _polls(func) >= POLLS)
    func.finish(migration)

    polls, turns = _polls(func), _turns(func, f"{migration}-replication")

    tell(f"on func: {turns} turns for {polls} polls of a version")
    assert polls >= POLLS
    assert turns <= TURNS_OF_A_POLL * polls + OTHER_TURNS


def _polls(app: RealTime) -> int:
    """The reads of the version that ask for its replication."""
    reads = [line["path"] for line in app.arm_log("GET")]
    return sum("/images/watched/versions/" in p and "ReplicationStatus" in p for p in reads)


def _turns(app: RealTime, instance: str) -> int:
    """Every turn begins with an event of its own in the history."""
    assert isinstance(app.host, CoreTools)
    wanted = f"PartitionKey eq '{instance}' and EventType eq 'OrchestratorStarted'"
    with app.host.hub as table:
        found = len(list(table.query_entities(wanted)))
    assert found, f"no turn of {instance} in its history"
    return found
