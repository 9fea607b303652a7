"""The limits of a day: a count and a share, to the last one, and when they let go again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.deletion.quota import DAY, FEW, Quota, Reservations, quota_check
from tests.builders import NOW

SECOND = timedelta(seconds=1)


def reserved(*ages: timedelta) -> Reservations:
    return Reservations(times={f"m{n}": NOW - age for n, age in enumerate(ages)})


@pytest.mark.parametrize(
    ("count", "percent", "images", "most"),
    [
        (100, 50, None, 100),
        (100, 50, 0, FEW),
        (100, 50, 51, FEW),
        (100, 50, 52, 26),
        (100, 50, 53, 26),
        (100, 50, 200, 100),
        (100, 50, 202, 100),
        (3, 50, 0, 3),
        (1000, 100, 300, 300),
        (1000, 1, 9999, 99),
    ],
)
def test_the_smaller_limit_counts(count: int, percent: int, images: int | None, most: int) -> None:
    """The share never forbids the first few, and is unknown until somebody has counted."""
    assert Quota(count=count, percent=percent).most(images) == most
    assert FEW == 25
    assert timedelta(days=1) == DAY


def test_what_is_a_day_old_does_not_count() -> None:
    """To the second; nor does its own."""
    held = reserved(DAY, DAY - SECOND, timedelta(0))
    assert set(held.others("x", NOW)) == {"m1", "m2"}
    assert set(held.others("m1", NOW)) == {"m2"}


def test_one_more_is_reserved_until_the_limit() -> None:
    """An old one is dropped, and one that is asked again counts once."""
    held = reserved(DAY, SECOND)
    more = held.with_one("x", 2, NOW)
    assert more == Reservations(times={"m1": NOW - SECOND, "x": NOW})
    assert more.with_one("y", 2, NOW) is None
    again = more.with_one("x", 2, NOW + SECOND)
    assert again == Reservations(times={"m1": NOW - SECOND, "x": NOW + SECOND})
    assert Reservations().with_one("x", 0, NOW) is None


def test_the_check_says_which_number_it_would_be() -> None:
    """And when the limit lets go: once enough of them are a day old."""
    quota = Quota(count=2, percent=100)
    held = reserved(timedelta(hours=5), timedelta(hours=3), timedelta(hours=1))
    within = quota_check(quota, reserved(SECOND), "x", 9, NOW)
    beyond = quota_check(quota, held, "x", 9, NOW)
    assert (within.passed, within.found, within.opens_at) == (
        True,
        "number 2 of 2 in 24 hours",
        None,
    )
    assert (beyond.passed, beyond.found) == (False, "number 4 of 2 in 24 hours")
    assert beyond.opens_at == NOW - timedelta(hours=3) + DAY
    assert within.name == beyond.name == "below the limits"
    assert quota_check(quota, held, "m0", 9, NOW).opens_at == NOW - timedelta(hours=3) + DAY


def test_images_that_were_just_deleted_belong_to_the_whole() -> None:
    """Else the share would shrink with every one of them."""
    quota = Quota(count=1000, percent=50)
    held = Reservations(times={f"m{n}": NOW for n in range(30)})
    assert quota_check(quota, held, "x", 32, NOW).passed
    assert not quota_check(quota, held, "x", 31, NOW).passed
