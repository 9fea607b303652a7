"""Makes the secrets with which approvals and notifications are signed on the local cloud."""

from __future__ import annotations

import base64
import secrets


def new_webhook_secret() -> str:
    """A secret as the Standard Webhooks specification writes them: `whsec_` and 24 bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
