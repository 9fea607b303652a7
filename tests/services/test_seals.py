"""Seals on accepted requests: only what was recorded, to the letter, names who asked."""

from datetime import timedelta
from typing import Any

import pytest

from domain.callers.actors import Actor, ActorKind
from domain.migration.recorded import AcceptedRequest
from domain.notices.notice import ASKING, ASKING_AGAIN, Notice
from domain.restore.recorded import IMAGE, Restore
from services.seals import (
    proven_requester,
    restore_sealed,
    taken_at,
    with_delivery_seal,
    with_restore_seal,
    with_seal,
)
from tests import builders as b
from tests.credentials import REQUESTER
from tests.domain.restore.values import a_restore, a_restore_plan, a_write

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


def test_a_sealed_restore_is_proven() -> None:
    """As it comes from the records, and however far it has come, by the key that sealed it among others."""
    kept = Restore.model_validate(with_restore_seal(a_restore(), (KEY,)).model_dump(mode="json"))
    assert restore_sealed(kept, (OTHER, KEY))
    assert restore_sealed(kept.model_copy(update={"run": 2, "writes": {IMAGE: a_write()}}), (KEY,))
    assert not restore_sealed(kept, (OTHER,))
    assert not restore_sealed(kept, ())
    assert with_restore_seal(a_restore(), ()).seal is None


@pytest.mark.parametrize(
    "change",
    [
        {"migration": "another"},
        {"attempt": 2},
        {"requester": REQUESTER},
        {"accepted_at": b.NOW + timedelta(seconds=1)},
        {"plan": a_restore_plan().model_copy(update={"image_body": {}})},
        {"plan": a_restore_plan().model_copy(update={"disks": ()})},
        {"seal": None},
    ],
    ids=str,
)
def test_a_restore_that_was_changed_is_not_proven(change: dict[str, Any]) -> None:
    """Else whoever writes a row could have images and disks made, and disks deleted."""
    kept = with_restore_seal(a_restore(), (KEY,))
    assert not restore_sealed(kept.model_copy(update=change), (KEY,))


MIGRATION = "m-1"
TAKEN = with_delivery_seal(MIGRATION, Notice(kind=ASKING).tried(b.NOW), (KEY, OTHER))


def test_a_sealed_delivery_proves_when_the_notice_was_taken() -> None:
    """As it comes from the records, with the key that sealed it among others; later tries change nothing."""
    again = Notice.model_validate(TAKEN.model_dump(mode="json")).tried(None)
    assert taken_at(MIGRATION, ASKING, again, (OTHER, KEY)) == b.NOW


@pytest.mark.parametrize(
    "change",
    [
        {"taken_at": b.NOW - timedelta(days=1)},
        {"taken_at": None},
        {"kind": f"{ASKING}.2"},
        {"seal": None},
        {"seal": "é"},
    ],
    ids=str,
)
def test_a_delivery_that_was_changed_proves_nothing(change: dict[str, Any]) -> None:
    """Else whoever writes a row could let the quiet time begin before anybody was told."""
    assert taken_at(MIGRATION, ASKING, TAKEN.model_copy(update=change), (KEY,)) is None


def test_a_delivery_is_that_of_its_migration_by_a_key_of_now() -> None:
    """Another migration's row proves nothing, nor does one whose key was taken out."""
    assert taken_at("m-2", ASKING, TAKEN, (KEY,)) is None
    assert taken_at(MIGRATION, ASKING, TAKEN, (OTHER,)) is None
    assert taken_at(MIGRATION, ASKING, TAKEN, ()) is None


def test_the_delivery_of_one_round_proves_nothing_for_another() -> None:
    """Even where somebody has copied its row, seal and all; nor does a row that is not there."""
    assert taken_at(MIGRATION, f"{ASKING_AGAIN}.2", TAKEN, (KEY,)) is None
    assert taken_at(MIGRATION, ASKING, None, (KEY,)) is None


def test_what_was_not_taken_or_has_no_key_has_no_seal() -> None:
    """It is recorded all the same."""
    refused = Notice(kind=ASKING).tried(None)
    assert with_delivery_seal(MIGRATION, refused, (KEY,)) == refused
    taken = Notice(kind=ASKING).tried(b.NOW)
    assert with_delivery_seal(MIGRATION, taken, ()) == taken
