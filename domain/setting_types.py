"""The types of settings: what their texts may be, and what becomes of them."""

import base64
import json
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

from domain.values import iso_duration

# Bytes; the Standard Webhooks specification.
_SHORTEST_KEY = 24


def comma_list(value: Any) -> Any:
    """The parts between commas, without blanks around them."""
    return (
        [part.strip() for part in value.split(",") if part.strip()]
        if isinstance(value, str)
        else value
    )


def from_json(value: Any) -> Any:
    """The JSON in a text. Raises ValueError."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error}") from error


def https_or_local(url: str) -> str:
    """The URL without a slash at its end. Raises ValueError for plain http to another machine."""
    # The host, not what looks like it: http://localhost:80@elsewhere/
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"}
    if not local and not (parts.scheme == "https" and parts.hostname):
        raise ValueError("must begin with https:// (http only for this machine)")
    return url.rstrip("/")


def webhook_secret(text: str) -> str:
    """A secret as the Standard Webhooks specification writes it. Raises ValueError."""
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if not text.startswith("whsec_") or len(key) < _SHORTEST_KEY:
        raise ValueError(f"must be whsec_ and the base64 of at least {_SHORTEST_KEY} random bytes")
    return text


def _positive(length: timedelta) -> timedelta:
    if length < timedelta(seconds=1):
        raise ValueError(f"must be at least PT1S, not {iso_duration(length)}")
    return length


CommaList = Annotated[tuple[str, ...], BeforeValidator(comma_list)]
Span = Annotated[timedelta, AfterValidator(_positive)]
Url = Annotated[str, AfterValidator(https_or_local)]
