"""A write and its intent: written down as the last thing before, taken back only where Azure itself did nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from arm import requests as arm
from arm.errors import EXPECTED
from domain.approval.decisions import ApprovalState, Verdict
from domain.ids import parse_image_id
from domain.messages import StepRequest
from domain.migration.latch import Effect, Halt, Intent
from localcloud.arm.server.arm_cloud import ArmCloud
from services.effects import forget as take_back
from services.effects import send
from tests import builders as b
from tests.activities.azure import Azure
from tests.activities.fixed_response_server import FixedResponse, fixed_responses
from tests.app import app, forget

ARM_REFUSES = b'{"error": {"code": "Conflict", "message": "no"}}'
DID_NOTHING = {
    "400 of Azure's": FixedResponse(400, ARM_REFUSES),
    "403 of Azure's": FixedResponse(403, ARM_REFUSES),
    "404 of Azure's": FixedResponse(404, ARM_REFUSES),
    "409 of Azure's": FixedResponse(409, ARM_REFUSES),
    "429 of Azure's": FixedResponse(429, ARM_REFUSES),
}
LEFT_OPEN = {
    "404 of a proxy": FixedResponse(404, b"<h1>Not Found</h1>", "text/html"),
    "404 that says nothing": FixedResponse(404),
    "403 of a gateway": FixedResponse(403, b'{"statusCode": 403}'),
    "409 whose error is a text": FixedResponse(409, b'{"error": "no"}'),
    "408 of Azure's": FixedResponse(408, ARM_REFUSES),
    "500 of Azure's": FixedResponse(500, ARM_REFUSES),
    "503 of a gateway": FixedResponse(503, b"down", "text/plain"),
    "200 with an error in it": FixedResponse(200, ARM_REFUSES),
    "202 with a page": FixedResponse(202, b"<html>", "text/html"),
}


@pytest.fixture(autouse=True)
def forget_clients() -> Iterator[None]:
    """Clients know the address that they were made for."""
    forget()
    yield
    forget()


@pytest.fixture(autouse=True)
def approved(azure: Azure) -> None:
    """Without it no DELETE may be intended."""
    azure.latch(verdict=Verdict(state=ApprovalState.APPROVED))


def step(azure: Azure, run: int = 1) -> StepRequest:
    return StepRequest(migration_id=azure.accepted.id, run=run)


def deletion_of(azure: Azure) -> Intent | None:
    return azure.written().latch.deletion


def delete(azure: Azure) -> arm.ArmResponse:
    image = parse_image_id(azure.image_id)
    call = app().arm.compute(image.subscription).images.begin_delete
    return arm.begin(call, image.resource_group, image.name)


def refused(
    azure: Azure, cloud: ArmCloud, lie: FixedResponse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A DELETE is sent to somebody who answers so."""
    with fixed_responses(Path(cloud.ca_file).parent, lie) as (address, seen):
        monkeypatch.setenv("ARM_ENDPOINT", address)
        forget()
        with pytest.raises(EXPECTED):
            send(app().records, step(azure), Effect.DELETION, lambda _: delete(azure))
        assert [line.split()[0] for line in seen] == ["DELETE"]


def test_the_intent_stands_before_anything_is_sent(azure: Azure) -> None:
    """And the answer's addresses are written after."""
    before: list[Intent | None] = []

    def write(_: datetime) -> arm.ArmResponse:
        before.append(deletion_of(azure))
        return arm.ArmResponse({}, 202, "correlation", "https://operation")

    answer = send(app().records, step(azure), Effect.DELETION, write)
    intent = Intent(run=1, at=azure.time.now(), began=azure.time.now())
    assert isinstance(answer, arm.ArmResponse)
    assert before == [intent]
    assert deletion_of(azure) == intent.model_copy(
        update={
            "taken": True,
            "operation_url": "https://operation",
            "correlation_id": "correlation",
        }
    )


@pytest.mark.parametrize("why", [Halt.SUPERSEDED, Halt.CANCELLED, Halt.ENDED])
def test_what_is_halted_sends_nothing(azure: Azure, why: Halt) -> None:
    """The step had read the records before that was written; the latch tells it."""
    if why is Halt.SUPERSEDED:
        azure.restart()
    elif why is Halt.CANCELLED:
        azure.latch(cancelled_at=azure.time.now())
    else:
        azure.latch(finished=b.an_end())
    azure.forget_requests()
    assert send(app().records, step(azure), Effect.DELETION, lambda _: delete(azure)) is why
    assert deletion_of(azure) is None
    assert azure.sent() == []


@pytest.mark.parametrize("lie", DID_NOTHING.values(), ids=DID_NOTHING)
def test_what_azure_itself_refused_is_taken_back(
    azure: Azure, cloud: ArmCloud, lie: FixedResponse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It said so with a code of its own."""
    refused(azure, cloud, lie, monkeypatch)
    assert deletion_of(azure) is None


@pytest.mark.parametrize("lie", LEFT_OPEN.values(), ids=LEFT_OPEN)
def test_what_leaves_it_open_counts_as_sent(
    azure: Azure, cloud: ArmCloud, lie: FixedResponse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have arrived."""
    refused(azure, cloud, lie, monkeypatch)
    assert deletion_of(azure) is not None


def test_a_refused_repetition_takes_nothing_back(
    azure: Azure, cloud: ArmCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one may have arrived; its beginning is kept."""
    began = azure.time.now()
    refused(azure, cloud, LEFT_OPEN["500 of Azure's"], monkeypatch)
    azure.time.advance(minutes=5)
    forget()
    refused(azure, cloud, DID_NOTHING["409 of Azure's"], monkeypatch)
    deletion = deletion_of(azure)
    assert deletion == Intent(run=1, at=azure.time.now(), began=began, repeated=True)


def test_an_intent_is_only_its_own_runs_to_take_back(azure: Azure) -> None:
    """A run that is nobody's any more does not clear what a later one has sent."""
    azure.restart()
    send(
        app().records,
        step(azure, 2),
        Effect.DELETION,
        lambda _: arm.ArmResponse({}, 202, None, None),
    )
    take_back(app().records, step(azure, 1), Effect.DELETION)
    intent = deletion_of(azure)
    assert intent is not None
    assert intent.run == 2


def test_an_answer_that_comes_late_is_not_written_over_a_later_runs(azure: Azure) -> None:
    """The later run's operation is the one that is asked."""

    def late(_: datetime) -> arm.ArmResponse:
        azure.restart()
        send(
            app().records,
            step(azure, 2),
            Effect.VERSION,
            lambda _: arm.ArmResponse({}, 202, "two", "https://two"),
        )
        return arm.ArmResponse({}, 202, "one", "https://one")

    assert isinstance(send(app().records, step(azure), Effect.VERSION, late), arm.ArmResponse)
    intent = azure.written().latch.effects[Effect.VERSION]
    assert (intent.run, intent.operation_url, intent.repeated) == (2, "https://two", True)
    assert isinstance(intent.began, datetime)
