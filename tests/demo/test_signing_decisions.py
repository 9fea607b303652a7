"""Signatures of the command line, judged by the specification's own library."""

import base64
import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from demo.signing_decisions import signed_headers

SECRET = "whsec_" + base64.b64encode(b"twenty-four bytes or more").decode()
BODY = '{"decision": "approve", "approver": "Ada Lovelace – Prüfung"}'.encode()


@pytest.mark.parametrize("secret", [SECRET, SECRET.removeprefix("whsec_")])
def test_a_signed_body_is_verified(secret: str) -> None:
    """With the prefix of the secret or without, and whatever the text."""
    headers = signed_headers(secret, "msg_1", int(time.time()), BODY)

    assert Webhook(SECRET).verify(BODY, headers)["decision"] == "approve"


@pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp", "body"])
def test_nothing_that_is_signed_can_be_changed(changed: str) -> None:
    """Neither the id, nor the time, nor the body."""
    now = int(time.time())
    headers = signed_headers(SECRET, "msg_1", now, BODY)
    others = {"webhook-id": "msg_2", "webhook-timestamp": str(now - 1)}
    body = BODY.replace(b"approve", b"reject!") if changed == "body" else BODY

    sent = {name: others[name] if name == changed else text for name, text in headers.items()}

    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body, sent)
