"""Every error of the SDK becomes a value."""

from __future__ import annotations

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from hypothesis import given
from hypothesis import strategies as st

from arm.errors import ArmError, error_of
from arm.requests import ask
from domain.errors import UnexpectedResponseError
from domain.retry_after import retry_after
from tests.builders import NOW

HEADERS = {
    None: None,
    "": None,
    "0": 0.0,
    "17": 17.0,
    " 17\x1f": 17.0,
    "1e99": None,
    "nan": None,
    "-5": None,
    "Mon, 02 Mar 2026 09:31:00 GMT": 60.0,
    "Mon, 02 Mar 2026 09:00:00 GMT": 0.0,
    "soon": None,
    "Mon, 32 Foo": None,
}


@pytest.mark.parametrize(("header", "seconds"), HEADERS.items(), ids=[str(h) for h in HEADERS])
def test_a_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    """Past dates are now; what is neither is nothing."""
    assert retry_after(header, NOW) == seconds


@given(st.text(max_size=40))
def test_no_header_breaks_it(header: str) -> None:
    """Whatever a proxy writes."""
    seconds = retry_after(header, NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    "raised",
    [
        ServiceRequestError("no route"),
        ClientAuthenticationError("no token"),
        UnexpectedResponseError("html"),
    ],
    ids=["no connection", "no token", "no fact"],
)
def test_what_is_no_answer_of_azure_is_transient(raised: Exception) -> None:
    """It says nothing about what was asked."""

    def refuse() -> None:
        raise raised

    with pytest.raises((ArmError, UnexpectedResponseError)) as told:
        ask(refuse)
    error = error_of(told.value)
    assert error.transient
    assert error.status is None


def test_a_long_message_is_cut() -> None:
    """It lies in histories and records."""
    assert len(error_of(UnexpectedResponseError("x" * 10_000)).message) <= 2001
