"""The image definition: made if absent, never changed."""

from __future__ import annotations

from typing import Any

import pytest

from activities.definitions import ensure_definition
from domain.migration.latch import Effect
from domain.results import ResultStatus
from tests.activities.azure import Azure
from tests.app import records
from tests.builders import definition_part


def test_an_absent_definition_is_made_once(azure: Azure) -> None:
    """One PUT, however often the activity runs; ready when Azure says so."""
    azure.plan()
    azure.done(ensure_definition)
    first = azure.written().latch.effects
    azure.time.advance(seconds=30)
    assert azure.done(ensure_definition) == {"ready": True}
    assert len(azure.sent("PUT")) == 1
    assert azure.written().latch.effects == first
    assert (list(first), first[Effect.DEFINITION].run) == ([Effect.DEFINITION], 1)
    assert first[Effect.DEFINITION].correlation_id


def test_it_is_not_ready_while_it_is_being_made(azure: Azure) -> None:
    """The next step would be refused."""
    azure.cloud.set_profile(seconds={"definition create": 60})
    azure.plan()
    assert azure.done(ensure_definition)["ready"] is False
    assert azure.done(ensure_definition)["ready"] is False
    azure.time.advance(seconds=61)
    assert azure.done(ensure_definition)["ready"] is True


def test_what_was_sent_is_there(azure: Azure) -> None:
    """Generation, architecture, OS state and security as in the plan's body."""
    plan = azure.defined()
    there = azure.resource(f"{plan.gallery}/images/{plan.definition_name}")
    assert there is not None
    sent = plan.definition_body["properties"]
    assert {name: there["properties"][name] for name in sent} == sent


def test_an_existing_definition_is_never_changed(azure: Azure) -> None:
    """Whatever the body says."""
    plan = azure.defined()
    before = azure.resource(f"{plan.gallery}/images/{plan.definition_name}")
    azure.forget_requests()
    azure.replan(definition_body={**plan.definition_body, "location": "westus"})
    assert azure.done(ensure_definition) == {"ready": True}
    assert azure.sent("PUT") == []
    assert azure.resource(f"{plan.gallery}/images/{plan.definition_name}") == before


@pytest.mark.parametrize(
    ("asked", "planned", "words"),
    [
        ({"sku": "b"}, {}, "sku '2019' instead of 'b'"),
        ({}, {"hyper_v_generation": "V1"}, "Hyper-V generation 'V2' instead of 'V1'"),
        (
            {"purchasePlan": {"name": "n", "publisher": "p", "product": "q"}},
            {},
            "purchase plan 'none' instead of 'n/p/q'",
        ),
    ],
)
def test_a_definition_that_somebody_else_made_meanwhile_must_fit(
    azure: Azure, asked: dict[str, Any], planned: dict[str, Any], words: str
) -> None:
    """Two new images at once may name one definition; the second must not end up in what was made for the first."""
    plan = azure.defined()
    azure.accepted = azure.accept(imageDefinition=definition_part(**asked))
    records().write_plan(azure.accepted.id, plan.model_copy(update=planned))
    answer = azure.ask(ensure_definition)
    assert answer.error is not None
    assert (answer.error.code, answer.error.transient) == ("DefinitionDiffers", False)
    assert words in answer.error.message
    assert len(azure.sent("PUT")) == 1


def test_a_second_run_after_the_cancellation_writes_nothing(azure: Azure) -> None:
    """Every step heeds the flag."""
    azure.plan()
    azure.latch(cancelled_at=azure.time.now())
    assert azure.ask(ensure_definition).status is ResultStatus.CANCELLED
    assert azure.sent("PUT") == []
