"""The values of a parsed request, of its reply, and of the exchange that observers see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from localcloud.arm.protocol.paths import Target
from localcloud.arm.state.model import Json


# Made in a third of the time that a frozen dataclass takes.
class Call(NamedTuple):
    """One parsed ARM request; `now` is the emulated time at which it came, `correlation` its correlation id."""

    method: str
    target: Target
    api: str
    query: Mapping[str, str]
    body: Json
    now: datetime
    # https://127.0.0.1:port, which operation URLs begin with.
    base: str
    correlation: str = ""
    # Path and query as sent.
    raw: str = ""
    # The client id that its token names.
    client: str = ""

    def expands(self, what: str) -> bool:
        """Return True if `$expand` names `what`, in any case."""
        return what.lower() in self.query.get("$expand", "").lower().split(",")

    def saying(self, body: Json) -> Call:
        """The same call with another body."""
        return self._replace(body=body)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. Bodies are parsed JSON, None when empty, text when no JSON."""

    method: str
    # Whole, as the client sent it.
    url: str
    request_headers: Mapping[str, str]
    request_body: object
    status: int
    response_headers: Mapping[str, str]
    response_body: object
    # The name of the fault rule that changed the answer.
    fault: str | None = None


class Reply(NamedTuple):
    """Status, body (None: an empty one) and the headers that matter."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = MappingProxyType({})
