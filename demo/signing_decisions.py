"""Signs approvals as the Standard Webhooks specification says: what an approval tool of yours does.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
The signed text is `{id}.{seconds since 1970}.{body}`, the key is the base64 text behind `whsec_`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

PREFIX = "whsec_"


def signed_headers(secret: str, webhook_id: str, seconds: int, body: bytes) -> dict[str, str]:
    """The three headers of a signed body; `seconds` is wall-clock time, which the receiver checks."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    text = f"{webhook_id}.{seconds}.".encode() + body
    signature = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{signature}",
    }
