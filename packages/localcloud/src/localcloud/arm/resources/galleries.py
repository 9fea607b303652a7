"""Galleries (`Microsoft.Compute/galleries`)."""

from __future__ import annotations

import re
from uuid import NAMESPACE_URL, uuid5

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.provisioning.kinds import Draft, Kind
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.states import properties
from localcloud.arm.state.world import World

TYPE = "Microsoft.Compute/galleries"
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.]{0,78}[A-Za-z0-9])?\Z")
_KEPT = ("description", "softDeletePolicy")


def _write(world: World, call: Call, existing: Resource | None) -> Draft:
    name, subscription = call.target.name, call.target.subscription
    if not _NAME.match(name):
        raise refusal("gallery name")
    if existing is None and _taken(world, subscription, name):
        raise refusal("gallery taken", name=name, subscription=subscription)
    sent = call.body.get("properties") or {}
    inner: Json = {key: sent[key] for key in _KEPT if sent.get(key) is not None}
    inner["identifier"] = {"uniqueName": f"{subscription}-{name.upper()}"}
    sharing = _sharing(world, call, sent.get("sharingProfile"), existing)
    if sharing:
        inner["sharingProfile"] = sharing
    kind = "gallery update" if existing else "gallery create"
    extras = {"identity": _identity(world, call)} if call.body.get("identity") else {}
    seconds = world.seconds(kind, call.target.path)
    return Draft(inner, seconds, extras=extras, answer=_answer(call, sent, existing))


def _identity(world: World, call: Call) -> Json:
    """A system-assigned identity gets a principal of its own, the same at every update."""
    sent: Json = call.body["identity"]
    if "SystemAssigned" not in str(sent.get("type")):
        return sent
    name = f"{world.profile.seed}|{call.target.key}"
    principal = uuid5(NAMESPACE_URL, name)
    return {"principalId": str(principal), "tenantId": str(uuid5(principal, "tenant"))} | sent


def _taken(world: World, subscription: str, name: str) -> bool:
    mine = f"/subscriptions/{subscription}/".lower()
    return any(
        r.key.startswith(mine) and r.name.lower() == name.lower() for r in world.of_type(TYPE)
    )


def _sharing(world: World, call: Call, sent: Json | None, existing: Resource | None) -> Json:
    old = existing.properties.get("sharingProfile", {}) if existing else {}
    sharing: Json = {**old, **{k: v for k, v in (sent or {}).items() if v is not None}}
    info = sharing.get("communityGalleryInfo")
    if info is not None:
        merged = (old.get("communityGalleryInfo") or {}) | info
        sharing["communityGalleryInfo"] = community_info(world, call.target.key, merged)
    return sharing


def community_info(world: World, key: str, info: Json) -> Json:
    """Return what is told to the community: a public name from the first answer on (recorded), shared or not."""
    kept = {name: value for name, value in info.items() if value is not None}
    name = f"{kept.get('publicNamePrefix', 'gallery')}-{uuid5(NAMESPACE_URL, f'{world.profile.seed}|{key}')}"
    return {"communityGalleryEnabled": False, "publicNames": [name]} | kept


def _answer(call: Call, sent: Json, existing: Resource | None) -> str | None:
    """Recorded: an update mostly says Succeeded at once, but not one that sets the soft delete policy."""
    policy = sent.get("softDeletePolicy")
    if existing is None or policy is None:
        return None
    changed = policy != existing.properties.get("softDeletePolicy")
    return "Updating" if changed or call.method == "PUT" else None


def _show(resource: Resource, call: Call) -> Json:
    """Groups of the sharing profile only when `$expand` or `$select` ask for them."""
    inner = properties(resource, call.now)
    sharing = inner.get("sharingProfile")
    selected = call.query.get("$select", "").lower() == "permissions"
    if sharing and not selected and not call.expands("SharingProfile/Groups"):
        kept = {key: value for key, value in sharing.items() if key != "groups"}
        inner = inner | {"sharingProfile": kept}
    return inner


# Recorded: the answer to an update of a gallery mostly says Succeeded already.
KIND = Kind(TYPE, "gallery", _write, show=_show, answers={"PUT": "Succeeded", "PATCH": "Succeeded"})
