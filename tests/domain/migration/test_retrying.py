"""Retries: the waits grow, honour Retry-After, stay bounded, and end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.migration.retrying import (
    LONGEST_RETRY_AFTER,
    LONGEST_WAIT,
    GiveUp,
    TryAgain,
    after_error,
)
from domain.results import ActivityError

LIMIT = timedelta(hours=6)


def transient(retry_after: float | None = None) -> ActivityError:
    return ActivityError(
        code="TooManyRequests", message="wait", transient=True, retry_after=retry_after
    )


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(0, 10), (1, 20), (2, 40), (3, 80), (4, 160), (5, 300), (50, 300)]
)
def test_our_waits_double_up_to_five_minutes(attempt: int, seconds: int) -> None:
    """Without a Retry-After."""
    wait = timedelta(seconds=seconds)
    assert after_error(transient(), attempt, timedelta(0), LIMIT) == TryAgain(wait=wait)


@pytest.mark.parametrize(("asked", "seconds"), [(1, 10), (17, 17), (375, 375), (1e9, 3600)])
def test_the_services_wait_counts_when_it_is_longer(asked: float, seconds: int) -> None:
    """An hour at most: nobody's mistake may park a migration for years."""
    wait = timedelta(seconds=seconds)
    assert after_error(transient(asked), 0, timedelta(0), LIMIT) == TryAgain(wait=wait)


def test_a_final_error_is_given_up_at_once_with_azures_words() -> None:
    """A 403 does not pass by itself."""
    error = ActivityError(code="AuthorizationFailed", message="no role", status=403)
    assert after_error(error, 0, timedelta(0), LIMIT) == GiveUp(
        reason="AuthorizationFailed: no role"
    )


def test_after_the_limit_it_is_given_up() -> None:
    """The reason says for how long and what came last."""
    given_up = after_error(transient(), 3, LIMIT, LIMIT)
    assert isinstance(given_up, GiveUp)
    assert "6:00:00" in given_up.reason
    assert "TooManyRequests" in given_up.reason


def test_a_limit_of_nothing_means_one_try() -> None:
    """As notifications ask for."""
    assert isinstance(after_error(transient(), 0, timedelta(0), timedelta(0)), GiveUp)


@given(
    st.integers(0, 10**9),
    st.timedeltas(timedelta(0), timedelta(hours=5, minutes=59)),
    st.none() | st.floats(0, 1e12),
)
def test_waits_never_overflow_and_stay_bounded(
    attempt: int, elapsed: timedelta, asked: float | None
) -> None:
    """Whatever the attempt and whatever the service asks for."""
    decision = after_error(transient(asked), attempt, elapsed, LIMIT)
    assert isinstance(decision, TryAgain)
    assert timedelta(seconds=10) <= decision.wait <= max(LONGEST_WAIT, LONGEST_RETRY_AFTER)
    if asked is not None and asked <= 3600:
        assert decision.wait >= timedelta(seconds=asked)


@given(st.floats())
def test_no_number_in_a_retry_after_breaks_the_policy(asked: float) -> None:
    """Also those that are no times at all."""
    decision = after_error(transient(asked), 0, timedelta(0), LIMIT)
    assert isinstance(decision, TryAgain)
    assert timedelta(seconds=10) <= decision.wait <= LONGEST_RETRY_AFTER


def test_13_a_403_is_waited_out_for_an_hour_at_most() -> None:
    """A shorter limit holds before that."""
    forbidden = ActivityError(code="AuthorizationFailed", message="no", status=403, transient=True)
    day, minute = timedelta(days=1), timedelta(minutes=1)
    assert isinstance(after_error(forbidden, 3, timedelta(minutes=59), day), TryAgain)
    assert isinstance(after_error(forbidden, 3, timedelta(hours=1), day), GiveUp)
    assert isinstance(after_error(forbidden, 3, minute, minute), GiveUp)
