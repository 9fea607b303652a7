"""Gallery applications, kept as sent and written at once, and their replicated versions."""

from __future__ import annotations

from localcloud.arm import publishing, replication
from localcloud.arm.call import Call
from localcloud.arm.kinds import Draft, Kind
from localcloud.arm.model import Json, Resource
from localcloud.arm.states import properties
from localcloud.arm.world import World

_SAFETY_SINCE = "2022-03-03"
_OF_APPLICATION = frozenset({"source", "manageActions", "settings", "advancedSettings"})
_ORDER = "supportedOSType description eula privacyStatementUri releaseNoteUri endOfLifeDate"


def _write(_world: World, call: Call, _existing: Resource | None) -> Draft:
    sent = call.body.get("properties") or {}
    inner = {key: sent[key] for key in _ORDER.split() if sent.get(key) is not None}
    return Draft(inner, 0)


def _show(resource: Resource, call: Call) -> Json:
    """Applications answer without a provisioningState."""
    inner = properties(resource, call.now)
    inner.pop("provisioningState")
    return inner


def _write_version(world: World, call: Call, existing: Resource | None) -> Draft:
    sent = call.body.get("properties") or {}
    given = sent.get("publishingProfile") or {}
    location = str(call.body.get("location") or (existing.location if existing else ""))
    old = existing.properties["publishingProfile"] if existing else None
    profile = publishing.complete(call, given, location, old)
    kept = {k: v for k, v in ((old or {}) | given).items() if k in _OF_APPLICATION and v}
    profile |= {"enableHealthCheck": bool(given.get("enableHealthCheck", False))} | kept
    inner: Json = {"publishingProfile": profile}
    if call.api >= _SAFETY_SINCE:
        safety = {"allowDeletionOfReplicatedLocations": False}
        inner["safetyProfile"] = safety | (sent.get("safetyProfile") or {})
    kind = "version update" if existing else "version create shallow"
    seconds = world.seconds(kind, call.target.path)
    plan = replication.plan(
        publishing.region_names(profile),
        call.now,
        seconds,
        world.profile,
        world.random(call.target.path),
    )
    return Draft(inner, seconds, regions=plan.regions, end=plan.end, failure=plan.failure)


def _show_version(resource: Resource, call: Call) -> Json:
    inner = properties(resource, call.now)
    if call.method == "GET" and call.expands("ReplicationStatus"):
        inner["replicationStatus"] = replication.status(resource.regions, call.now)
    return inner


KIND = Kind(
    "Microsoft.Compute/galleries/applications",
    "other",
    _write,
    show=_show,
    synchronous=True,
    delete_status=200,
)

VERSION = Kind(
    "Microsoft.Compute/galleries/applications/versions",
    "version",
    _write_version,
    show=_show_version,
    retry_after=60,
)
