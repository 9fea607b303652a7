"""An orchestration that waits on the real extension is woken only to look at a version."""

from collections import Counter

import pytest

from localcloud.testing.figures import tell
from tests.e2e.hosts import CoreTools
from tests.e2e.real_time import RealTime

pytestmark = pytest.mark.e2e

# Within one generation of the watch: a history holds only the last one.
POLLS = 8
# The timer has fired; the activity has answered.
TURNS_OF_A_POLL = 2
# The start, and one for a host that was late.
OTHER_TURNS = 2


def test_a_poll_takes_two_turns(func: RealTime) -> None:
    """Timers that fire up to a second early are late enough: nobody wakes only to wait again."""
    migration = func.begin("watched", delete=False)
    func.advance_to_stage("replication", migration, step="PT3S")
    func.wait_until(lambda: _looks(func) >= POLLS)
    func.finish(migration)

    events = _events(func, f"{migration}-replication")

    turns, polls = events["OrchestratorStarted"], events["TaskScheduled"]
    tell(f"on func: {turns} turns for {polls} polls of a version")
    assert polls >= POLLS
    assert turns <= TURNS_OF_A_POLL * polls + OTHER_TURNS


def _looks(app: RealTime) -> int:
    """The reads of the version that ask for its replication."""
    reads = [line["path"] for line in app.arm_log("GET")]
    return sum("/images/watched/versions/" in p and "ReplicationStatus" in p for p in reads)


def _events(app: RealTime, instance: str) -> Counter[str]:
    """Return the number of events of each type in the history of an instance. Every turn begins with one of its own."""
    assert isinstance(app.host, CoreTools)
    with app.host.hub as table:
        rows = list(table.query_entities(f"PartitionKey eq '{instance}'", select=["EventType"]))
    return Counter(str(row.get("EventType")) for row in rows)
