"""The types of settings at their bounds: secrets, spans, addresses."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.setting_types import Span, SubscriptionIds, Url, encrypted, webhook_secret


def secret(*different: int, length: int = 24) -> str:
    """A secret of so many bytes, in which these come in turns."""
    key = bytes(different[n % len(different)] for n in range(length))
    return f"whsec_{base64.b64encode(key).decode()}"


def test_a_secret_has_ten_different_bytes() -> None:
    """Random ones have some 23; a word over and over has fewer than ten."""
    ten = secret(*range(10))
    assert webhook_secret(ten) == ten
    with pytest.raises(ValueError, match="too easy to guess"):
        webhook_secret(secret(*range(9)))


def test_a_secret_has_24_bytes() -> None:
    """The Standard Webhooks specification."""
    shortest = secret(*range(24))
    assert webhook_secret(shortest) == shortest
    with pytest.raises(ValueError, match="at least 24 random bytes"):
        webhook_secret(secret(*range(23), length=23))


def test_a_secret_is_base64_and_nothing_besides() -> None:
    """A sign that a decoder would skip is a slip of the hand, after which the other side has another key."""
    right = secret(*range(24))
    with pytest.raises(ValueError, match="the base64"):
        webhook_secret(right[:20] + " " + right[20:])


SUBSCRIPTION = "aaaaaaaa-0000-4000-8000-00000000000"


def test_subscriptions_are_ids() -> None:
    """In one spelling, between commas."""
    both = TypeAdapter(SubscriptionIds).validate_python(f"{SUBSCRIPTION}1, {SUBSCRIPTION}2".upper())
    assert both == (f"{SUBSCRIPTION}1", f"{SUBSCRIPTION}2")
    with pytest.raises(ValidationError, match="'production' is no subscription id"):
        TypeAdapter(SubscriptionIds).validate_python(f"{SUBSCRIPTION}1,production")


@pytest.mark.parametrize("text", ["PT1S", "P3650D"])
def test_a_span_has_bounds(text: str) -> None:
    """Both included: a second, and ten years."""
    assert TypeAdapter(Span).validate_python(text) in (timedelta(seconds=1), timedelta(days=3650))


@pytest.mark.parametrize(
    ("text", "words"), [("PT0.9S", "at least PT1S"), ("P3650DT1S", "at most P3650D")]
)
def test_a_span_beyond_its_bounds_is_refused(text: str, words: str) -> None:
    """With the bound."""
    with pytest.raises(ValidationError, match=words):
        TypeAdapter(Span).validate_python(text)


@pytest.mark.parametrize("url", ["https://", "https:///hook", "ftp://localhost", "localhost"])
def test_an_address_has_a_scheme_and_a_host(url: str) -> None:
    """https, or http to this machine."""
    with pytest.raises(ValidationError, match="must begin with https"):
        TypeAdapter(Url).validate_python(url)


@pytest.mark.parametrize("url", ["http://localhost:1", "http://127.0.0.1", "https://elsewhere"])
def test_an_address_that_is_encrypted_or_of_this_machine_is_fine(url: str) -> None:
    """Without the slash at its end."""
    assert TypeAdapter(Url).validate_python(f"{url}/") == url


def test_an_endpoint_of_tables_counts_before_the_default_protocol() -> None:
    """It is what is asked; without one the account's is, by the default protocol."""
    local = "DefaultEndpointsProtocol=http;TableEndpoint=http://127.0.0.1:10002/devstoreaccount1"
    assert encrypted(local) == local
    with pytest.raises(ValueError, match="must say DefaultEndpointsProtocol=https"):
        encrypted("DefaultEndpointsProtocol=http;TableEndpoint=")
