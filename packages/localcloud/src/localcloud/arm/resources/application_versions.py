"""Versions of gallery applications: replicated as image versions are, from a package at a URL."""

from __future__ import annotations

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.provisioning import publishing, replication, target_regions
from localcloud.arm.provisioning.kinds import Draft, Kind
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.states import properties
from localcloud.arm.state.world import World

_OWN = ("source", "manageActions", "settings", "advancedSettings", "customActions")
_PATH = "galleryApplicationVersion.properties.publishingProfile"


def _write(world: World, call: Call, existing: Resource | None) -> Draft:
    if not publishing.is_version(call.target.name):
        raise refusal("application version name")
    sent = call.body.get("properties") or {}
    old = existing.properties if existing else {}
    inner: Json = {
        "publishingProfile": _profile(call, sent.get("publishingProfile") or {}, existing)
    }
    if call.api >= target_regions.DELETION_SINCE:
        given = {k: v for k, v in (sent.get("safetyProfile") or {}).items() if v is not None}
        usual = {"allowDeletionOfReplicatedLocations": False}
        inner["safetyProfile"] = usual | old.get("safetyProfile", {}) | given
    if existing is not None:
        target_regions.check_dropped(call, existing, inner)
        return target_regions.updated(world, call, Draft(inner, 0), existing)
    draft = Draft(inner, world.seconds("version create shallow", call.target.path))
    names = publishing.region_names(inner["publishingProfile"])
    return target_regions.planned(world, call, draft, names)


def _profile(call: Call, given: Json, existing: Resource | None) -> Json:
    """The profile as answered; an update may leave out what stays."""
    old = existing.properties["publishingProfile"] if existing else None
    location = str(call.body.get("location") or (existing.location if existing else ""))
    profile = publishing.complete(call, given, location, old)
    named = {key: value for key, value in given.items() if value is not None}
    merged = (old or {}) | named
    if not (merged.get("source") or {}).get("mediaLink"):
        raise refusal("required", parameter=f"{_PATH}.source.mediaLink")
    own = {key: merged[key] for key in _OWN if merged.get(key)}
    return own | {"enableHealthCheck": bool(merged.get("enableHealthCheck", False))} | profile


def _show(resource: Resource, call: Call) -> Json:
    inner = properties(resource, call.now)
    if call.method == "GET" and call.expands("ReplicationStatus"):
        inner["replicationStatus"] = replication.status(resource.regions, call.now)
    return inner


KIND = Kind(
    "Microsoft.Compute/galleries/applications/versions",
    "version",
    _write,
    show=_show,
    retry_after=60,
)
