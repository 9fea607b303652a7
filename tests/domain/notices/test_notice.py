"""Kinds of notices, and what becomes of one with each try."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.notices.notice import ASKING, ASKING_AGAIN, TYPES, WEBHOOK, Notice, key_of, type_of
from tests.builders import NOW


@pytest.mark.parametrize("known", TYPES)
def test_a_kind_is_its_type_and_what_tells_it_from_others(known: str) -> None:
    """The part behind a further dot is no part of the type; a word that only begins alike is another."""
    assert type_of(known) == type_of(f"{known}.PT2H") == known
    with pytest.raises(ValueError, match="no kind of notice"):
        type_of(f"{known}s")


def test_asked_again_is_not_asked() -> None:
    """One of the two names begins with the other."""
    assert (type_of(ASKING), type_of(ASKING_AGAIN)) == (ASKING, ASKING_AGAIN)
    assert type_of(f"{ASKING_AGAIN}.2") == ASKING_AGAIN


def test_each_receiver_has_a_row_of_its_own() -> None:
    """The webhook's is named as it was before there were others."""
    assert key_of(WEBHOOK, ASKING) == ASKING
    assert key_of("teams-1a2b3c4d", ASKING) == "teams-1a2b3c4d.approval.requested"


def test_a_try_is_counted_and_what_took_it_stays_taken() -> None:
    """The first time it was taken is the one that counts."""
    refused = Notice().tried(None)
    taken = refused.tried(NOW)
    again = taken.tried(NOW + timedelta(hours=1)).tried(None)
    assert (refused.tries, refused.taken, refused.taken_at, refused.settled) == (
        1,
        False,
        None,
        False,
    )
    assert (taken.tries, taken.taken, taken.taken_at, taken.settled) == (2, True, NOW, True)
    assert (again.tries, again.taken, again.taken_at) == (4, True, NOW)


def test_a_notice_that_is_dropped_is_settled_and_not_taken() -> None:
    """Nobody posts it any more, and nobody was told."""
    dropped = Notice(tries=2).dropped()
    assert (dropped.settled, dropped.given_up, dropped.taken, dropped.tries) == (
        True,
        True,
        False,
        2,
    )
