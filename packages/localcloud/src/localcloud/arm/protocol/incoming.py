"""The preparation of a request's body before anything reads it: JSON without secrets, its location in short form."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Mapping
from typing import Any

import msgspec

from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.redaction import may_hold_secrets, without_secrets
from localcloud.arm.protocol.regions import DISPLAY, short
from localcloud.arm.state.model import Json


def read(body: bytes) -> Json:
    """Return the JSON object in a body, {} for an empty one. Raises InvalidRequestContent."""
    if not body.strip():
        return {}
    try:
        # Files from Windows begin with a byte order mark.
        parsed = msgspec.json.decode(body.removeprefix(BOM_UTF8))
    except (ValueError, RecursionError) as error:
        raise refusal("body", reason=error) from error
    if not isinstance(parsed, dict):
        raise refusal("body", reason="not an object")
    return located(without_secrets(parsed) if may_hold_secrets(body) else parsed)


def settled(body: Mapping[str, Any]) -> Json:
    """Prepare in the same way a body that no request brought: one from a template or from a test."""
    return located(without_secrets(dict(body)))


def located(body: Json) -> Json:
    """Return the body with its location in short form: `eastus2` for `East US 2`, as recorded."""
    location = body.get("location")
    # Nearly all are sent in the form that is answered.
    if not isinstance(location, str) or location in DISPLAY:
        return body
    return body | {"location": short(location)}
