"""Reads recorded Azure traffic: VCR yaml (azure-cli), test-proxy and session-record JSON (SDKs)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

ARM_HOSTS = ("", "management.azure.com")


@dataclass(frozen=True)
class Interaction:
    """One recorded exchange. Header names are in lower case, bodies parsed, None when empty."""

    method: str
    host: str
    # With its query.
    path: str
    sent: Any
    status: int
    headers: Mapping[str, str]
    body: Any
    # azure-cli's recorder strips that header.
    keeps_retry_after: bool

    @property
    def date(self) -> datetime | None:
        """The time of the answer; None if it was not recorded."""
        text = self.headers.get("date")
        return parsedate_to_datetime(text).astimezone(UTC) if text else None

    @property
    def label(self) -> str:
        """Method and path without the signature, for messages."""
        return f"{self.method} {self.path.partition('&t=')[0]}"


def read(path: Path) -> list[Interaction]:
    """All exchanges of a recording, in the order of their dates.

    Recorders write down some exchanges later than they were: parallel ones, and those of pollers.
    """
    return in_order(_listed(path))


def _listed(path: Path) -> list[Interaction]:
    if path.suffix in (".yaml", ".yml"):
        loaded = yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        return [_from_vcr(entry) for entry in loaded["interactions"]]
    entries = json.loads(path.read_text())["Entries"]
    return [_from_session(entry) for entry in entries]


def in_order(listed: Sequence[Interaction]) -> list[Interaction]:
    """By date; of one second, as they are listed. One without a date stays behind the one before it."""
    known = (i.date for i in listed if i.date)
    moment = next(known, datetime.min.replace(tzinfo=UTC))
    dated = []
    for interaction in listed:
        moment = interaction.date or moment
        dated.append((moment, interaction))
    return [interaction for _, interaction in sorted(dated, key=lambda pair: pair[0])]


def _from_vcr(entry: Any) -> Interaction:
    request, response = entry["request"], entry["response"]
    body = response["body"]
    return _interaction(
        request["method"],
        request["uri"],
        request["body"],
        response["status"]["code"],
        response["headers"],
        body.get("string") if isinstance(body, dict) else body,
        keeps_retry_after=False,
    )


def _from_session(entry: Any) -> Interaction:
    return _interaction(
        entry["RequestMethod"],
        entry["RequestUri"],
        entry["RequestBody"],
        entry["StatusCode"],
        entry["ResponseHeaders"],
        entry["ResponseBody"],
        # The .NET libraries write 0.
        keeps_retry_after="EncodedRequestUri" not in entry,
    )


def _interaction(
    method: str,
    uri: str,
    sent: Any,
    status: int,
    headers: Mapping[str, Any],
    body: Any,
    *,
    keeps_retry_after: bool,
) -> Interaction:
    parts = urlsplit(uri)
    return Interaction(
        method=method.upper(),
        host=(parts.hostname or "").lower(),
        path=parts.path + (f"?{parts.query}" if parts.query else ""),
        sent=_parsed(sent),
        status=int(status),
        headers={name.lower(): _first(value) for name, value in headers.items()},
        body=_parsed(body),
        keeps_retry_after=keeps_retry_after,
    )


def _first(value: Any) -> str:
    return str(value[0] if isinstance(value, list) else value)


def _parsed(body: Any) -> Any:
    if isinstance(body, bytes):
        body = body.decode(errors="replace")
    if not isinstance(body, str):
        return body
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body
