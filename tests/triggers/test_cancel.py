"""Cancelling: possible until the DELETE is about to be sent, whatever else was written."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import azure.functions as func
import pytest

from domain.approval.decisions import ApprovalState, Verdict
from domain.migration.latch import Effect, Intent
from domain.migration.recorded import AcceptedRequest, Approval, State
from domain.migration.stages import Outcome, Stage
from tests import builders as b
from tests.app import records
from tests.credentials import HEADERS
from tests.triggers.extension import Extension
from triggers.http.migrations import cancel_migration

pytestmark = pytest.mark.usefixtures("own_records")

SENT = Intent(run=1, at=b.NOW, began=b.NOW)
IN_TIME: dict[str, dict[str, Any]] = {
    "nothing was written": {},
    "a later run": {"run": 3},
    "the version was sent": {"effects": {Effect.VERSION: SENT}},
    "approved": {"verdict": Verdict(state=ApprovalState.APPROVED, decided_by=b.a_decision())},
}
TOO_LATE: dict[str, tuple[dict[str, Any], str]] = {
    "the DELETE is about to be sent": (
        {"effects": {Effect.DELETION: SENT}},
        "The deletion has begun",
    ),
    "it has its outcome": ({"finished": b.an_end(Outcome.KEPT)}, "ended already: kept"),
}


def accepted(**latch: Any) -> AcceptedRequest:
    """A migration in the deletion's stage, which waited in round 4."""
    made = b.an_acceptance(deletion={"enabled": True})
    records().accept(made)
    approval = Approval(deadline=b.NOW, fingerprint="f", round=4)
    state = State(stage=Stage.DELETION, approval=approval)
    records().change_state(made.id, lambda _: state)
    records().change_latch(made.id, lambda found: found.model_copy(update=latch))
    return made


def cancelled(migration: str, extension: Extension | None = None) -> tuple[int, Any]:
    """Status and body of the answer."""
    answers: list[func.HttpResponse] = []

    async def work(client: Any) -> None:
        path = {"id": migration}
        request = func.HttpRequest("POST", "/", headers=HEADERS, route_params=path, body=b"")
        answers.append(await cancel_migration(request, client))

    asyncio.run((extension or Extension()).play(work))
    return answers[0].status_code, json.loads(answers[0].get_body())


@pytest.mark.parametrize("latch", IN_TIME.values(), ids=IN_TIME)
def test_a_cancellation_in_time_holds_and_wakes_the_wait(latch: dict[str, Any]) -> None:
    """From the gate on too, as long as no DELETE was to be sent; asked twice, it is the same."""
    made, extension = accepted(**latch), Extension()
    for _ in range(2):
        status, body = cancelled(made.id, extension)
        assert (status, body["cancelRequested"], body["outcome"]) == (202, True, None)
    assert extension.did("raise") == [made.id] * 2


@pytest.mark.parametrize(("latch", "words"), TOO_LATE.values(), ids=TOO_LATE)
def test_a_cancellation_that_is_too_late_says_so(latch: dict[str, Any], words: str) -> None:
    """And changes nothing."""
    made = accepted(**latch)
    before = records().read_latch(made.id)
    status, body = cancelled(made.id)
    assert status == 409
    assert words in body["detail"]
    assert records().read_latch(made.id) == before


def test_who_cancelled_in_time_is_told_the_outcome_later() -> None:
    """A repetition after the end is no conflict."""
    made = accepted(cancelled_at=b.NOW, finished=b.an_end(Outcome.CANCELLED))
    status, body = cancelled(made.id)
    assert (status, body["outcome"]) == (200, "cancelled")


def test_nobodys_migration_is_404() -> None:
    """Whatever the id."""
    assert cancelled("nobody-1")[0] == 404
