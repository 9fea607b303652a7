"""Seals on accepted requests: only what was recorded, to the letter, names who asked."""

from datetime import timedelta
from typing import Any

import pytest

from domain.callers.actors import Actor, ActorKind
from domain.migration.recorded import AcceptedRequest
from services.seals import proven_requester, with_seal
from tests import builders as b
from tests.credentials import REQUESTER

KEY, OTHER = b.SECRET, "whsec_" + "QW5vdGhlciBrZXkgdGhhdCBvcGVucyBub3RoaW5nIGF0IGFsbA=="
SOMEBODY = Actor(kind=ActorKind.PERSON, id="somebody")
ACCEPTED = with_seal(b.an_acceptance(deletion={"enabled": True}), (KEY, OTHER))


def test_a_sealed_request_proves_who_asked() -> None:
    """With the key that sealed it, among others, in whatever place."""
    assert proven_requester(ACCEPTED, (KEY,)) == REQUESTER
    assert proven_requester(ACCEPTED, (OTHER, KEY)) == REQUESTER


def test_it_holds_as_it_comes_from_the_records() -> None:
    """Written as JSON and read again it is the same request."""
    again = AcceptedRequest.model_validate(ACCEPTED.model_dump(mode="json"))
    assert proven_requester(again, (KEY,)) == REQUESTER


@pytest.mark.parametrize(
    "change",
    [
        {"requester": SOMEBODY},
        {"requester": REQUESTER.model_copy(update={"owners": ()})},
        {"requester": None},
        {"id": "another"},
        {"source_image_id": b.IMAGE_ID + "x"},
        {"request": {**ACCEPTED.request, "deletion": {"enabled": False}}},
        {"accepted_at": b.NOW + timedelta(days=1)},
        {"seal": None},
        {"seal": ""},
        {"seal": "é"},
    ],
    ids=str,
)
def test_a_request_that_was_changed_proves_nothing(change: dict[str, Any]) -> None:
    """Whatever an approver relies on is sealed, and without a seal nobody asked."""
    assert proven_requester(ACCEPTED.model_copy(update=change), (KEY,)) is None


def test_without_the_key_nobody_is_known_to_have_asked() -> None:
    """Neither once it was taken out, nor with none at all."""
    assert proven_requester(ACCEPTED, (OTHER,)) is None
    assert proven_requester(ACCEPTED, ()) is None


def test_without_a_key_there_is_no_seal() -> None:
    """The request is recorded all the same: only its deletion cannot be approved."""
    unsealed = with_seal(b.an_acceptance(), ())
    assert unsealed.seal is None
    assert proven_requester(unsealed, (KEY,)) is None
