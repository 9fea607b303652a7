"""Secrets of the approval webhook: what a setting of one is, and whose it is."""

from __future__ import annotations

import base64

import pytest

from domain.approval.webhook_secrets import WebhookSecret, named_secret, secrets_of, split_name
from domain.callers.actors import ActorKind, Caller, Proof

ADA = "aaaaaaaa-0000-4000-8000-000000000001"
KEY = f"whsec_{base64.b64encode(bytes(range(24))).decode()}"
# Its padding holds the sign that parts name and secret.
PADDED = f"whsec_{base64.b64encode(bytes(range(25))).decode()}"


@pytest.mark.parametrize("name", ["tickets", "a", "9", "change-board_2", "-", "_"])
@pytest.mark.parametrize("key", [KEY, PADDED])
def test_a_secret_may_have_a_name_of_letters_digits_and_two_signs(name: str, key: str) -> None:
    """It is taken as it stands, and parted at the first sign only."""
    assert named_secret(f"{name}={key}") == f"{name}={key}"
    assert split_name(f"{name}={key}") == (name, key)


@pytest.mark.parametrize("key", [KEY, PADDED])
def test_a_secret_without_a_name_is_called_webhook(key: str) -> None:
    """As there is one only, mostly."""
    assert named_secret(key) == key
    assert split_name(key) == ("webhook", key)


@pytest.mark.parametrize("name", ["", "the tickets", "tíckets", "a.b", "a/b", "a\n", "山"])
def test_another_name_is_refused(name: str) -> None:
    """It stands in records, logs and policies."""
    with pytest.raises(ValueError, match="the name of letters, digits, - and _"):
        named_secret(f"{name}={KEY}")


@pytest.mark.parametrize(
    "text", ["tickets=", "tickets=whsec_MTIz", KEY.removeprefix("whsec_"), "tickets", ""]
)
def test_what_is_no_secret_is_refused_under_any_name(text: str) -> None:
    """Before anything is said of the name."""
    with pytest.raises(ValueError, match="must be whsec_ and the base64 of at least 24"):
        named_secret(text)


def test_secrets_have_the_owners_of_their_names() -> None:
    """While one replaces another, both are of the same name; what nobody owns has no owners."""
    assert secrets_of([f"tickets={KEY}", f"tickets={PADDED}", KEY], {"tickets": [ADA]}) == (
        WebhookSecret(name="tickets", key=KEY, owners=(ADA,)),
        WebhookSecret(name="tickets", key=PADDED, owners=(ADA,)),
        WebhookSecret(name="webhook", key=KEY, owners=()),
    )


def test_whoever_signed_is_its_secrets_name_and_has_no_role() -> None:
    """Its owners are behind it: what they asked for it does not approve."""
    secret = WebhookSecret(name="tickets", key=KEY, owners=(ADA,))
    assert secret.caller == Caller(
        kind=ActorKind.WEBHOOK, id="tickets", label="tickets", owners=(ADA,), proof=Proof.SIGNATURE
    )
