"""A decision that was stored just after the verdict: its sender learns at once that it came too late."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.functions as func
import pytest
from standardwebhooks import Webhook

import clock
from domain.approval.decisions import ApprovalState, Verdict
from domain.migration.latch import settle
from domain.migration.recorded import AcceptedRequest, Approval, State
from domain.migration.stages import Stage
from tests import builders as b
from tests.app import records
from triggers.http import approvals as approve

SECRET = b.SECRET


@pytest.fixture(autouse=True)
def at_the_builders_time(monkeypatch: pytest.MonkeyPatch, own_records: None) -> Iterator[None]:
    """A webhook secret, and the builders' time."""
    monkeypatch.setenv("APPROVAL_WEBHOOK_SECRETS", SECRET)
    clock.use(lambda: b.NOW)
    yield
    clock.use(clock._wall_clock)


class Settled:
    """A durable client whose workflow, when it is woken, has settled the approval with another decision already."""

    def __init__(self, accepted: AcceptedRequest) -> None:
        self._accepted = accepted

    async def raise_event(self, *_: Any) -> None:
        """Write now the ruling on what was read before the decision was stored."""
        verdict = Verdict(state=ApprovalState.REJECTED)
        records().change_latch(self._accepted.id, lambda latch: settle(latch, 1, verdict))


def ask(accepted: AcceptedRequest, minutes: float = 60) -> None:
    """The approval is asked for, with so many minutes left."""
    deadline = b.NOW + timedelta(minutes=minutes)
    approval = Approval(deadline=deadline, fingerprint=b.a_decision().fingerprint)
    written = State(stage=Stage.APPROVAL, approval=approval)
    records().change_state(accepted.id, lambda _: written)
    records().keep_statement(accepted.id, 1, b.a_kept_statement())


def signed(accepted: AcceptedRequest) -> func.HttpRequest:
    body = {"migrationId": accepted.id, "fingerprint": b.a_decision().fingerprint}
    body |= {"statementHash": b.a_decision().statement_hash}
    raw = json.dumps({**body, "decision": "approve", "approver": "ada"})
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "w1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("w1", now, raw),
    }
    path = {"id": accepted.id}
    return func.HttpRequest("POST", "/", headers=headers, route_params=path, body=raw.encode())


async def answered(accepted: AcceptedRequest, client: Any) -> func.HttpResponse:
    return await approve.decide(signed(accepted), client)


def test_a_decision_stored_after_the_verdict_is_409_at_once() -> None:
    """No ruling will ever come, so nobody waits 20 seconds for a 202 that never turns into one."""
    accepted = b.an_acceptance()
    records().accept(accepted)
    ask(accepted)
    client: Any = Settled(accepted)
    # The repetition is answered the same.
    for _ in range(2):
        response = asyncio.run(answered(accepted, client))
        assert response.status_code == 409
        assert b"too late" in response.get_body()


@pytest.mark.parametrize("minutes", [0, -1])
def test_from_the_deadline_on_an_approval_is_stored_and_refused(minutes: float) -> None:
    """The deadline itself is the first moment that is too late, for the webhook as for the workflow."""
    accepted = b.an_acceptance()
    records().accept(accepted)
    ask(accepted, minutes)
    response = asyncio.run(answered(accepted, None))
    assert response.status_code == 409
    assert b"expired" in response.get_body()
    snapshot = records().snapshot(accepted.id)
    assert snapshot is not None
    (ruling,) = snapshot.rulings.values()
    assert (len(snapshot.received), ruling.accepted) == (1, False)
