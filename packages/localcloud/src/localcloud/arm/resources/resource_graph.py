"""Azure Resource Graph: `POST /providers/Microsoft.ResourceGraph/resources`.

1. The scope: the subscriptions named, else all of the tenant, up to a limit.
2. The query (`kusto`) over the rows that Resource Graph has heard of by now.
3. A page: with a `$skipToken` while there is more, which needs the column `id`; else the answer is cut
   and says so, in `resultTruncated`, a text.

https://learn.microsoft.com/azure/governance/resource-graph/concepts/work-with-data
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from localcloud.arm.kusto.complaints import QueryError
from localcloud.arm.kusto.operators import Query, read
from localcloud.arm.kusto.values import Row
from localcloud.arm.protocol.call import Reply
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.graph_answers import Quota, denied, invalid, quota, refused, throttled
from localcloud.arm.provisioning.reads import unseen
from localcloud.arm.resources import graph_rows
from localcloud.arm.state.model import Json
from localcloud.arm.state.world import World

PATH = "/providers/microsoft.resourcegraph/resources"
VERSIONS = ("2019-04-01", "2021-03-01", "2022-10-01", "2024-04-01")
_MOST = 1000
_KNOWN = {"query", "subscriptions", "managementGroups", "options", "facets"}
_OPTIONS = {
    *("$skipToken", "$top", "$skip", "resultFormat", "allowPartialScopes"),
    "authorizationScopeFilter",
}


@dataclass(frozen=True, slots=True)
class Question:
    """A request to Resource Graph, who asks and when, and all subscriptions of the tenant."""

    body: Json
    api: str
    now: datetime
    correlation: str
    client: str
    tenant: str
    subscriptions: Sequence[str]
    # By action and scope.
    allows: Callable[[str, str], bool] = lambda _action, _scope: True

    def refuse(self, name: str, reason: str) -> Exception:
        """The refusal of one of its parts."""
        return refused(name, reason, self.now, self.correlation)


def answer(world: World, asked: Question, counted: Quota) -> Reply:
    """The rows asked for. Raises ArmError."""
    if not asked.api:
        raise refusal("api version missing")
    left = counted.take(asked.client, asked.now, world.profile.graph.quota)
    if left < 0 and world.profile.throttling:
        raise throttled(asked.now, asked.correlation)
    query, options = _understood(asked)
    scope, limited = _scope(world, asked)
    found = query.run(_rows(world, asked, query.table, scope))
    headers = quota(max(left, 0))
    if limited:
        headers["x-ms-tenant-subscription-limit-hit"] = "true"
    return Reply(200, _page(world, asked, query, found, options), headers)


def _understood(asked: Question) -> tuple[Query, Json]:
    """The query and the options. Raises a 400 for what the emulator does not know, rather than to pass over it."""
    body = asked.body
    if unknown := sorted(set(body) - _KNOWN):
        raise asked.refuse(unknown[0], "is no part of a request")
    for name in ("managementGroups", "facets"):
        if body.get(name):
            raise asked.refuse(name, "not emulated")
    text, options = body.get("query"), body.get("options") or {}
    if not isinstance(text, str) or not text.strip():
        raise asked.refuse("query", "is missing")
    if unknown := sorted(set(options) - _OPTIONS):
        raise asked.refuse(f"options.{unknown[0]}", "is no option")
    if options.get("resultFormat", "objectArray") != "objectArray":
        raise asked.refuse("options.resultFormat", "only objectArray is emulated")
    try:
        return read(text, graph_rows.TABLES), options
    except QueryError as error:
        raise invalid(error.as_detail(), asked.now, asked.correlation) from error
    except RecursionError as error:
        raise asked.refuse("query", "is nested too deeply") from error


def _scope(world: World, asked: Question) -> tuple[list[str], bool]:
    """The subscriptions to look at, and whether the tenant has more than one query may see.

    Of the subscriptions named, those that the identity does not know are passed over without a word,
    unless it knows none of them.
    """
    most = world.profile.graph.subscriptions
    named = asked.body.get("subscriptions")
    if not named:
        return list(asked.subscriptions[:most]), len(asked.subscriptions) > most
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise asked.refuse("subscriptions", "must be a list of texts")
    if len(named) > most:
        raise asked.refuse("subscriptions", f"at most {most} can be queried at once")
    wanted = {name.lower() for name in named}
    known = [name for name in asked.subscriptions if name.lower() in wanted]
    if not known:
        raise denied(asked.now, asked.correlation)
    return known, False


def _rows(world: World, asked: Question, table: str, scope: Sequence[str]) -> list[Row]:
    lag = timedelta(seconds=world.profile.graph.lag)
    prefixes = tuple(f"/subscriptions/{name}/".lower() for name in scope)
    seen = [r for r in world.delayed.view(asked.now, lag) if r.key.startswith(prefixes)]
    children = world.profile.graph.children
    found = list(graph_rows.rows(table, seen, asked.now - lag, asked.tenant, children))
    if table == "resourcecontainers":
        found += [graph_rows.subscription_row(name, asked.tenant) for name in scope]
    hidden = unseen(world)
    return [
        row
        for row in found
        if not hidden(row["id"]) and asked.allows(f"{row['type']}/read", row["id"])
    ]


def _page(world: World, asked: Question, query: Query, found: list[Row], options: Json) -> Json:
    start = _number(asked, options, "$skip", 0, least=0)
    top = _number(asked, options, "$top", _MOST, least=1)
    mark = crc32(str(asked.body["query"]).encode())
    if token := options.get("$skipToken"):
        start = _position(asked, token, mark)
    cut = world.profile.graph.truncated_at
    lines = found[start : start + (top if cut is None else min(top, cut))]
    more = start + len(lines) < len(found)
    pages = more and cut is None and "id" in query.columns
    body: Json = {
        "totalRecords": len(found),
        "count": len(lines),
        "data": lines,
        "facets": [],
        "resultTruncated": "true" if more and not pages else "false",
    }
    return body | ({"$skipToken": _token(start + len(lines), mark)} if pages else {})


def _number(asked: Question, options: Json, name: str, usual: int, *, least: int) -> int:
    value = options.get(name)
    if value is None:
        return usual
    most = _MOST if name == "$top" else 2**31
    if type(value) is not int or not least <= value <= most:
        raise asked.refuse(f"options.{name}", f"must be a whole number from {least} to {most}")
    return value


def _token(start: int, mark: int) -> str:
    return b64encode(json.dumps({"start": start, "query": mark}).encode()).decode()


def _position(asked: Question, token: object, mark: int) -> int:
    """The row at which a page begins; a token is good for the query that it came with."""
    try:
        told = json.loads(b64decode(str(token), validate=True))
        start, query = told["start"], told["query"]
    except (NotBase64, ValueError, KeyError, TypeError) as error:
        raise asked.refuse("options.$skipToken", "is no token") from error
    if type(start) is not int or query != mark:
        raise asked.refuse("options.$skipToken", "is of another query")
    return start
