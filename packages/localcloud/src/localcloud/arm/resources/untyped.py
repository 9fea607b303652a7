"""Every type without a file of its own: kept as it is sent, and answered at once."""

from __future__ import annotations

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.redaction import VAULT_SECRETS, without_value
from localcloud.arm.provisioning.kinds import Draft, Kind
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.world import World

_ENVELOPE = frozenset({"id", "name", "type", "location", "tags", "properties", "resources"})


def extras_of(body: Json) -> Json:
    """Top-level keys beside the usual ones: sku, plan, zones, identity, kind."""
    return {k: v for k, v in body.items() if k not in _ENVELOPE and v is not None}


def _any(_world: World, call: Call, _existing: Resource | None) -> Draft:
    body = without_value(call.body) if call.target.kind == VAULT_SECRETS else call.body
    return Draft(dict(body.get("properties") or {}), 0, extras=extras_of(body))


def anything(type_name: str) -> Kind:
    """A kind that keeps what it is sent and answers at once."""
    return Kind(type_name, "other", _any, synchronous=True, located=False, delete_status=200)
