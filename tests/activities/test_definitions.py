"""The image definition: made if absent, never changed."""

from __future__ import annotations

from typing import Any

import pytest

from activities.definitions import ensure_definition
from tests.activities.azure import Azure, definition_input


def test_an_absent_definition_is_made_once(azure: Azure) -> None:
    """One PUT, however often the activity runs; ready when Azure says so."""
    plan = azure.plan()
    first = azure.done(ensure_definition, **definition_input(plan))
    azure.time.advance(seconds=30)
    second = azure.done(ensure_definition, **definition_input(plan))
    assert (first["created"], second) == (True, {"ready": True, "created": False})
    assert len(azure.sent("PUT")) == 1


def test_it_is_not_ready_while_it_is_being_made(azure: Azure) -> None:
    """The next step would be refused."""
    azure.cloud.set_profile(seconds={"definition create": 60})
    plan = azure.plan()
    assert azure.done(ensure_definition, **definition_input(plan))["ready"] is False
    assert azure.done(ensure_definition, **definition_input(plan))["ready"] is False
    azure.time.advance(seconds=61)
    assert azure.done(ensure_definition, **definition_input(plan))["ready"] is True


def test_what_was_sent_is_there(azure: Azure) -> None:
    """Generation, architecture, OS state and security as in the plan's body."""
    plan = azure.defined()
    there = azure.resource(f"{plan.gallery_id}/images/{plan.definition_name}")
    assert there is not None
    sent = plan.definition_body["properties"]
    assert {name: there["properties"][name] for name in sent} == sent


def test_an_existing_definition_is_never_changed(azure: Azure) -> None:
    """Whatever the body says."""
    plan = azure.defined()
    before = azure.resource(f"{plan.gallery_id}/images/{plan.definition_name}")
    azure.forget_requests()
    other = {**definition_input(plan), "body": {**plan.definition_body, "location": "westus"}}
    assert azure.done(ensure_definition, **other)["created"] is False
    assert azure.sent("PUT") == []
    assert azure.resource(f"{plan.gallery_id}/images/{plan.definition_name}") == before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"identifier": {"publisher": "contoso", "offer": "web", "sku": "b"}}, "sku '2019'"),
        ({"hyperVGeneration": "V1"}, "Hyper-V generation 'V2'"),
        (
            {"purchasePlan": {"name": "n", "publisher": "p", "product": "q"}},
            "no such purchase plan",
        ),
    ],
)
def test_a_definition_that_somebody_else_made_meanwhile_must_fit(
    azure: Azure, changes: dict[str, Any], words: str
) -> None:
    """Two new images at once may name one definition; the second must not end up in what was made for the first."""
    plan = azure.defined()
    body = {**plan.definition_body, "properties": {**plan.definition_body["properties"], **changes}}
    answer = azure.ask(ensure_definition, **{**definition_input(plan), "body": body})
    assert answer.error is not None
    assert (answer.error.code, answer.error.transient) == ("DefinitionDiffers", False)
    assert words in answer.error.message
    assert len(azure.sent("PUT")) == 1


def test_a_second_run_after_the_cancellation_writes_nothing(azure: Azure) -> None:
    """Every step heeds the flag."""
    from migration.answers import Standing

    import clock
    from activities.configuration import records
    from domain.migration.recorded import Latch

    plan = azure.plan()
    records().set_latch(azure.accepted.id, Latch(kind="cancel", at=clock.now()))
    assert azure.ask(ensure_definition, **definition_input(plan)).standing is Standing.CANCELLED
    assert azure.sent("PUT") == []
