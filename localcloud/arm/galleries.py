"""Galleries (`Microsoft.Compute/galleries`)."""

from __future__ import annotations

import re
from uuid import NAMESPACE_URL, uuid5

from localcloud.arm.call import Call
from localcloud.arm.errors import refusal
from localcloud.arm.kinds import Draft, Kind
from localcloud.arm.model import Json, Resource
from localcloud.arm.states import properties
from localcloud.arm.world import World

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
    sharing = _sharing(sent.get("sharingProfile"), existing)
    if sharing:
        inner["sharingProfile"] = sharing
    kind = "gallery update" if existing else "gallery create"
    extras = {"identity": _identity(world, call)} if call.body.get("identity") else {}
    return Draft(inner, world.seconds(kind, call.target.path), extras=extras)


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


def _sharing(sent: Json | None, existing: Resource | None) -> Json:
    old = existing.properties.get("sharingProfile", {}) if existing else {}
    sharing: Json = {**old, **(sent or {})}
    info = sharing.get("communityGalleryInfo")
    if info is not None:
        sharing["communityGalleryInfo"] = {"communityGalleryEnabled": False, **info}
    return sharing


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
