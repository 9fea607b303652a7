"""The types of settings: what a text from the environment must be, and what it becomes."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

from domain.ids import is_guid
from domain.migration.mapping import MappingEntry, certain_problems, unknown_templates
from domain.schedules import parse_schedule
from domain.values import iso_duration

# Bytes; the Standard Webhooks specification.
_SHORTEST_KEY = 24
# Different bytes in it: of 24 random ones there are some 23. Zeros, or a word over and over, are no secret.
_FEWEST_BYTES = 10
# Whatever is added to or taken from a date must leave one.
_LONGEST_SPAN = timedelta(days=3650)


def comma_list(value: Any) -> Any:
    """The parts of a text between commas."""
    return (
        [part.strip() for part in value.split(",") if part.strip()]
        if isinstance(value, str)
        else value
    )


def json_text(value: Any) -> Any:
    """The value of a JSON text; raises ValueError."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error}") from error


def _positive(length: timedelta) -> timedelta:
    if length < timedelta(seconds=1):
        raise ValueError(f"must be at least PT1S, not {iso_duration(length)}")
    if length > _LONGEST_SPAN:
        raise ValueError(f"must be at most {iso_duration(_LONGEST_SPAN)}")
    return length


def https_or_local(url: str) -> str:
    """An address that is encrypted, or of this machine; raises ValueError."""
    # The host, not what looks like it: http://localhost:80@elsewhere/
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"}
    if not local and not (parts.scheme == "https" and parts.hostname):
        raise ValueError("must begin with https:// (http only for this machine)")
    return url.rstrip("/")


def webhook_secret(text: str) -> str:
    """A secret as the Standard Webhooks specification writes one, and hard to guess; raises ValueError."""
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if not text.startswith("whsec_") or len(key) < _SHORTEST_KEY:
        raise ValueError(f"must be whsec_ and the base64 of at least {_SHORTEST_KEY} random bytes")
    if len(set(key)) < _FEWEST_BYTES:
        raise ValueError("is too easy to guess: make it of random bytes")
    return text


def encrypted(connection: str) -> str:
    """A connection string that sends nothing in the clear, but to this machine; raises ValueError."""
    pairs = (part.partition("=") for part in connection.split(";"))
    parts = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if endpoint := parts.get("tableendpoint"):
        https_or_local(endpoint)
    elif parts.get("defaultendpointsprotocol", "https").lower() != "https":
        raise ValueError(
            "must say DefaultEndpointsProtocol=https (it may have come from AzureWebJobsStorage)"
        )
    return connection


def _schedule(text: str) -> str:
    parse_schedule(text)
    return text


def _subscription_id(text: str) -> str:
    if not is_guid(text):
        raise ValueError(f"'{text}' is no subscription id; it must be a GUID")
    return text.lower()


def wrong_in(entry: MappingEntry) -> Iterator[str]:
    """Yield everything that is wrong with a mapping entry, each with its place."""
    if unknown := unknown_templates(entry):
        yield f": nothing fills {{{'}, {'.join(unknown)}}}"
    for problem in certain_problems(entry):
        yield f".{problem.field}: {problem.message}"


Ncrontab = Annotated[str, AfterValidator(_schedule)]
CommaList = Annotated[tuple[str, ...], BeforeValidator(comma_list)]
SubscriptionIds = Annotated[
    tuple[Annotated[str, AfterValidator(_subscription_id)], ...], BeforeValidator(comma_list)
]
Span = Annotated[timedelta, AfterValidator(_positive)]
Url = Annotated[str, AfterValidator(https_or_local)]
