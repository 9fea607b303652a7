"""The approval webhook's signature: one secret of several, body and id as sent, in time; anything else is no."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from services.signatures import verified
from tests.credentials import webhook_secret

OLD, NEW, STRANGE = (f"whsec_{base64.b64encode(bytes([n]) * 32).decode()}" for n in (1, 2, 3))
BODY = b'{"decision": "approve"}'


# Two hold, as while one is being rotated.
SECRETS = (OLD, NEW)


def verified_id(body: bytes, headers: dict[str, str], secrets: tuple[str, ...]) -> str | None:
    signed = verified(body, headers, [webhook_secret(secret) for secret in secrets])
    return signed.webhook_id if signed else None


def signed(
    secret: str = NEW, body: bytes = BODY, minutes: float = 0, webhook_id: str = "w1"
) -> dict[str, str]:
    """The headers of a sender `minutes` ahead of us."""
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, at, body.decode()),
    }


GOOD = signed()
WRONG: dict[str, dict[str, str]] = {
    "no headers": {},
    "no signature": {k: v for k, v in GOOD.items() if k != "webhook-signature"},
    "no id": {k: v for k, v in GOOD.items() if k != "webhook-id"},
    "another id": {**GOOD, "webhook-id": "w2"},
    "an empty id": signed(webhook_id=""),
    "another time": {**GOOD, "webhook-timestamp": str(int(GOOD["webhook-timestamp"]) - 1)},
    "a time that is none": {**GOOD, "webhook-timestamp": "now"},
    "an hour ago": signed(minutes=-60),
    "in an hour": signed(minutes=60),
    "a secret of somebody else": signed(STRANGE),
    "another body": signed(body=b'{"decision": "reject"}'),
    "a signature without version": {**GOOD, "webhook-signature": "abc"},
    "a signature of another version": {
        **GOOD,
        "webhook-signature": GOOD["webhook-signature"].replace("v1,", "v2,"),
    },
    "a signature that is no base64": {**GOOD, "webhook-signature": "v1,!!"},
    "a signature beyond ASCII": {**GOOD, "webhook-signature": "v1,ü"},
}


@pytest.mark.parametrize("secret", [OLD, NEW], ids=["old", "new"])
def test_each_of_the_secrets_holds(secret: str) -> None:
    """So that one can be rotated without a gap."""
    assert verified_id(BODY, signed(secret), SECRETS) == "w1"


def test_one_of_several_signatures_is_enough() -> None:
    """As the specification says for rotation on the sender's side."""
    both = f"{signed(STRANGE)['webhook-signature']} {signed(NEW)['webhook-signature']}"
    assert verified_id(BODY, {**signed(NEW), "webhook-signature": both}, SECRETS) == "w1"


@pytest.mark.parametrize("body", [b"", b"approve", b'{"decision": '], ids=["none", "text", "cut"])
def test_a_signature_holds_for_what_is_no_json(body: bytes) -> None:
    """Its sender is told what is wrong with the body, not to look for a wrong secret."""
    assert verified_id(body, signed(body=body), SECRETS) == "w1"


@pytest.mark.parametrize("headers", WRONG.values(), ids=WRONG)
def test_what_does_not_hold_is_no(headers: dict[str, str]) -> None:
    """Never an exception."""
    assert verified_id(BODY, headers, SECRETS) is None


def test_without_a_secret_nothing_holds() -> None:
    """An app that was not configured approves nothing."""
    assert verified_id(BODY, GOOD, ()) is None


@settings(max_examples=50)
@given(st.binary(max_size=200), st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_nothing_random_holds(body: bytes, name: str, at: str, signature: str) -> None:
    """Whatever bytes and headers come."""
    headers = {"webhook-id": name, "webhook-timestamp": at, "webhook-signature": signature}
    assert verified_id(body, headers, SECRETS) is None
