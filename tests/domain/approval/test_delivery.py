"""The delivery of a question: who has to know before the quiet time begins, and what if nobody does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.approval.delivery import Delivery, delivery_of
from tests.builders import NOW

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def delivery(**changes: Any) -> Delivery:
    """A question that was asked now, with a receiver and a quiet time."""
    values = {
        "signed_receiver": True,
        "quiet_time": DAY,
        "asked_at": NOW,
        "taken_at": None,
        "openings": (),
        "timeout": DAY,
        **changes,
    }
    return delivery_of(**values)


@pytest.mark.parametrize(
    ("taken", "openings", "known"),
    [
        (None, (), None),
        (NOW + SECOND, (), NOW + SECOND),
        (None, (NOW + DAY, NOW + SECOND), NOW + SECOND),
        (NOW + DAY, (NOW + SECOND,), NOW + SECOND),
        (NOW + SECOND, (NOW + DAY,), NOW + SECOND),
    ],
)
def test_the_first_who_knew_counts(
    taken: datetime | None, openings: tuple[datetime, ...], known: datetime | None
) -> None:
    """The receiver of the signed notice, or somebody who read the statement."""
    assert delivery(taken_at=taken, openings=openings).known_at == known


def test_nobody_has_to_know_without_a_quiet_time_or_a_receiver() -> None:
    """The quiet time is for those who are told; a moment of it is enough."""
    assert delivery().missing
    assert delivery(quiet_time=SECOND).missing
    assert not delivery(quiet_time=timedelta(0)).missing
    assert not delivery(signed_receiver=False).missing
    assert not delivery(taken_at=NOW).missing


def test_what_nobody_knows_is_given_up_at_its_time() -> None:
    """To the moment; never once somebody knew, nor where nobody has to."""
    assert not delivery().given_up(NOW + DAY - SECOND)
    assert delivery().given_up(NOW + DAY)
    assert not delivery(taken_at=NOW + DAY).given_up(NOW + 2 * DAY)
    assert not delivery(signed_receiver=False).given_up(NOW + 2 * DAY)
    assert Delivery(needed=True).given_up(NOW)


def test_the_quiet_time_counts_from_the_last_of_all() -> None:
    """Promotion, approval, delivery; it has not begun while somebody has to know and nobody does."""
    late = delivery(taken_at=NOW + DAY)
    assert late.quiet_from(NOW, NOW + SECOND) == NOW + DAY
    assert late.quiet_from(NOW + 2 * DAY, None) == NOW + 2 * DAY
    assert delivery().quiet_from(NOW, NOW) is None
    assert delivery(signed_receiver=False).quiet_from(NOW, None) == NOW
    unneeded = delivery(signed_receiver=False, taken_at=NOW + DAY)
    assert unneeded.quiet_from(NOW) == NOW
    assert unneeded.quiet_from(None, None) is None
