"""A full disk costs time and nothing else: what cannot be written down is not accepted, what was accepted goes on."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from tests.crash import bodies
from tests.crash.boundary_run import to_the_end
from tests.crash.callers import Callers
from tests.crash.checker import violations
from tests.crash.cloud import Cloud
from tests.crash.evidence import Evidence, read_records
from tests.crash.intents import Intent, Wish
from tests.crash.mishaps import full_disk, locked

FIRST, SECOND = Intent("kill-first", Wish.KEEP), Intent("kill-second", Wish.APPROVE)


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """A cloud."""
    with Cloud() as started:
        yield started


@pytest.fixture(scope="module")
def callers(cloud: Cloud) -> Callers:
    """Callers of whose migrations one has ended, so that there are logs that cannot grow."""
    ended = Callers(cloud, doubling=False)
    ended.add([FIRST])
    to_the_end(cloud, ended)
    ended.add([SECOND])
    return ended


def test_nothing_is_accepted_while_the_disk_is_full(cloud: Cloud, callers: Callers) -> None:
    """The answer is 503, and there is no record that would be a claim."""
    with full_disk(cloud):
        answer = cloud.app("POST", "/api/migrations", bodies.request(cloud.subscription, SECOND))
    assert answer.status == 503
    assert len(Evidence({}, read_records(cloud.records_file)).accepted) == 1


def test_a_migration_goes_on_when_the_disk_has_room_and_the_records_are_free(
    cloud: Cloud, callers: Callers
) -> None:
    """The clock does not come to its end while nothing can be stored; then everything ends as without it."""
    callers.act()
    with ThreadPoolExecutor(1) as thread:
        with full_disk(cloud):
            step = thread.submit(cloud.advance, "PT30M")
            assert not wait([step], 0.5).done
        with locked(cloud.records_file):
            wait([step], 0.5)
        step.result()
    to_the_end(cloud, callers)
    assert violations(callers.evidence()) == []
