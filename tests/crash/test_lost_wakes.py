"""A lost event that should have woken a migration costs no decision: the sweep reads the records and wakes again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.crash import bodies
from tests.crash.callers import Callers
from tests.crash.cloud import Answer, Cloud, until
from tests.crash.evidence import Json, read_records
from tests.crash.intents import Intent, Wish
from tests.crash.mishaps import locked

WAITING = (Intent("kill-cancelled", Wish.EXPIRE), Intent("kill-approved", Wish.EXPIRE))


class Asked:
    """Migrations that wait for their approval on a cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._callers = Callers(cloud)
        self._callers.add(WAITING)

    def wait_for_approvals(self) -> None:
        """Move the clock until every migration waits."""
        for _ in range(10):
            self._callers.act()
            if self._callers.stages["approval"] == len(WAITING):
                return
            self.cloud.advance("PT30M")
        pytest.fail(f"still {self._callers.stages}")

    def status(self, intent: Intent) -> Json:
        """The status as it is now."""
        self._callers.look()
        return self._callers.status(intent)

    def received(self, migration: str) -> list[str]:
        """The rows of the decisions that are stored."""
        rows = read_records(self.cloud.records_file)[migration]
        return [row for row in rows if row.startswith("decision.")]

    def approve(self, migration: str, asked: Json) -> Answer:
        """A signed approval of what is asked."""
        body = bodies.decision(migration, asked["fingerprint"], asked["statementHash"], "approve")
        headers = bodies.signed(self.cloud.connection["webhookSecret"], "lost", body)
        return self.cloud.app("POST", f"/api/migrations/{migration}/approval", body, **headers)


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    """Two migrations that wait for their approval."""
    with Cloud() as cloud:
        waiting = Asked(cloud)
        waiting.wait_for_approvals()
        yield waiting


def test_a_cancellation_holds_though_its_wake_was_lost(asked: Asked) -> None:
    """Accepted while the histories were locked, it ends the wait at the next sweep, not at the deadline."""
    migration = asked.status(WAITING[0])["id"]
    with locked(asked.cloud.hub_file):
        assert asked.cloud.app("POST", f"/api/migrations/{migration}/cancel").status == 202
    asked.cloud.advance("PT20M")
    assert asked.status(WAITING[0])["outcome"] == "cancelled"


def test_an_approval_holds_though_its_wake_was_lost(asked: Asked) -> None:
    """Stored while the histories were locked, and the runtime killed then: it is ruled on at the next sweep."""
    cloud, status = asked.cloud, asked.status(WAITING[1])
    migration = status["id"]
    with ThreadPoolExecutor(1) as thread, locked(cloud.hub_file):
        thread.submit(asked.approve, migration, status["approval"])
        until(lambda: asked.received(migration), "the decision is stored")
        cloud.kill()
    cloud.start()
    cloud.advance("PT20M")
    assert asked.status(WAITING[1])["approval"]["state"] == "approved"
