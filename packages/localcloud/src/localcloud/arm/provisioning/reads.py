"""GET of a resource or of a collection, with pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

from localcloud.arm.protocol.call import Call, Reply
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.provisioning.kinds import Kind
from localcloud.arm.provisioning.writes import missing, require_group
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.states import envelope
from localcloud.arm.state.world import World


def get(world: World, call: Call, kind: Kind) -> Reply:
    """One resource; its id echoes the casing of the request."""
    resource = world.find(call.target.path)
    if resource is None:
        require_group(world, call)
        raise missing(call)
    return Reply(200, envelope(resource, kind.show(resource, call), call.target.path))


def listing(world: World, call: Call, kind: Kind) -> Reply:
    """A collection: of a resource group, of a parent, or of the whole subscription."""
    if kind.listing is not None:
        resources = kind.listing(world, call)
    elif call.target.group is None:
        mine = f"/subscriptions/{call.target.subscription}/".lower()
        resources = [r for r in world.of_type(kind.type) if r.key.startswith(mine)]
    else:
        require_group(world, call)
        if len(call.target.types) > 1:
            _require_owner(world, call)
        resources = world.listed(call.target.key)
    hidden = unseen(world)
    seen = [r for r in resources if not hidden(r.id)]
    return page(call, [_line(call, kind, r) for r in seen], world.profile.page_size)


def unseen(world: World) -> Callable[[str], bool]:
    """Return which ids are left out of lists without a word."""
    patterns = [re.compile(text, re.IGNORECASE) for text in world.profile.unseen]
    return lambda resource_id: any(pattern.search(resource_id) for pattern in patterns)


def _require_owner(world: World, call: Call) -> None:
    """Raises ParentResourceNotFound unless what the collection belongs to exists."""
    if world.find(call.target.path.rsplit("/", 1)[0]) is None:
        raise refusal("parent missing", parent="/".join(call.target.names))


def _line(call: Call, kind: Kind, resource: Resource) -> Json:
    """Recorded: lists of galleries by resource group name the group in upper case."""
    shown = None
    if kind.noun == "gallery" and call.target.group is not None:
        head, _, tail = resource.id.partition("/providers/")
        scope, _, group = head.rpartition("/")
        shown = f"{scope}/{group.upper()}/providers/{tail}"
    return envelope(resource, kind.show(resource, call), shown)


def _number(call: Call, name: str, default: int) -> int:
    text = next((v for k, v in call.query.items() if k.lower() == name and v), str(default))
    if not text.isdecimal():
        raise refusal("value", value=text, parameter=name)
    return int(text)


def page(call: Call, lines: list[Json], size: int) -> Reply:
    """`value` and, when there is more, `nextLink` with a skip token."""
    start = _number(call, "$skiptoken", 0)
    size = min(size, max(_number(call, "$top", size), 1))
    body: Json = {"value": lines[start : start + size]}
    if start + size < len(lines):
        path, _, query = call.raw.partition("?")
        options = [(k, v) for k, v in parse_qsl(query) if k.lower() != "$skiptoken"]
        options.append(("$skiptoken", str(start + size)))
        body["nextLink"] = f"{call.base}{path}?{urlencode(options)}"
    return Reply(200, body)
