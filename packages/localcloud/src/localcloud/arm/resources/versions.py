"""Image versions (`Microsoft.Compute/galleries/images/versions`): create, update, delete.

1. The form is checked at once (name, regions, replicas, end of life, sources).
2. What only shows when the service works on it fails later: `mismatch` decides that when the PUT
   is accepted, and the operation ends Failed.
3. Replication is planned per region; the version is ready when the operation ends.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.timestamps import parse_time
from localcloud.arm.provisioning import publishing, replication, target_regions
from localcloud.arm.provisioning.kinds import Draft, Kind
from localcloud.arm.provisioning.replication import state
from localcloud.arm.provisioning.sources import (
    cached,
    check_forms,
    disk_images,
    find_source,
    mismatch,
)
from localcloud.arm.state.model import Failure, Json, Region, Resource
from localcloud.arm.state.states import exists_fully, properties, provisioning
from localcloud.arm.state.world import World

TYPE = "Microsoft.Compute/galleries/images/versions"
_PATH = "galleryImageVersion.properties"
_SAFETY_SINCE = "2022-01-03"
VALIDATIONS_SINCE = "2024-03-03"


def _write(world: World, call: Call, existing: Resource | None) -> Draft:
    name = call.target.name
    if not publishing.is_version(name):
        raise refusal("version name")
    if existing is None:
        return _create(world, call)
    if _failed_for_good(existing, call):
        raise refusal("failed version", name=name)
    return _update(world, call, existing)


def _failed_for_good(version: Resource, call: Call) -> bool:
    """Return True if it failed in every region; one that only lacks some may be updated, as ARM advises."""
    built = any(state(region, call.now) == "Completed" for region in version.regions)
    return provisioning(version, call.now) == "Failed" and not version.born and not built


def _create(world: World, call: Call) -> Draft:
    sent = call.body.get("properties") or {}
    storage = sent.get("storageProfile") or {}
    check_forms(storage)
    location = str(call.body["location"])
    profile = publishing.complete(call, sent.get("publishingProfile") or {}, location, None)
    source = find_source(world, call, storage)
    storage = cached(storage)
    inner: Json = {"publishingProfile": profile, "storageProfile": storage}
    inner |= _rest(call, sent, None)
    shallow = profile.get("replicationMode") == "Shallow"
    names = publishing.region_names(profile)
    draft = Draft(
        inner,
        world.seconds(_creation(shallow, len(names)), call.target.path),
        revealed={"storageProfile": storage | disk_images(world, storage, source)},
        hidden={"source": source.id if source else None, "shallow": shallow},
    )
    definition = world.find(call.target.parent)
    # The parent was checked before.
    assert definition is not None
    failure = mismatch(world, call, source, definition)
    return (
        _doomed(world, call, draft, failure)
        if failure
        else target_regions.planned(world, call, draft, names)
    )


def _creation(shallow: bool, regions: int) -> str:
    if shallow:
        return "version create shallow"
    return "version create" if regions == 1 else "version create many regions"


def _doomed(world: World, call: Call, draft: Draft, failure: Failure) -> Draft:
    """Return the draft of a version that is accepted and fails later, in every region."""
    seconds = world.seconds("version create shallow", call.target.path)
    end = call.now + timedelta(seconds=seconds)
    names = publishing.region_names(draft.properties["publishingProfile"])
    regions = tuple(Region(n, call.now, end, "late start", failure.message) for n in names)
    return replace(draft, failure=failure, regions=regions, end=end)


def _rest(call: Call, sent: Json, existing: Resource | None) -> Json:
    """Safety profile and security profile, by api-version."""
    old = existing.properties if existing else {}
    rest: Json = {}
    if call.api >= _SAFETY_SINCE:
        safety: Json = {"reportedForPolicyViolation": False}
        if call.api >= target_regions.DELETION_SINCE:
            safety["allowDeletionOfReplicatedLocations"] = False
        given = {k: v for k, v in (sent.get("safetyProfile") or {}).items() if v is not None}
        rest["safetyProfile"] = safety | old.get("safetyProfile", {}) | given
        rest["safetyProfile"]["reportedForPolicyViolation"] = False
    for name in ("securityProfile",):
        if value := sent.get(name) or old.get(name):
            rest[name] = value
    return rest


def _update(world: World, call: Call, existing: Resource) -> Draft:
    sent = call.body.get("properties") or {}
    old = existing.properties | (existing.revealed if exists_fully(existing, call.now) else {})
    _check_source(old["storageProfile"], sent.get("storageProfile") or {})
    location = str(existing.location)
    profile = publishing.complete(
        call, sent.get("publishingProfile") or {}, location, old["publishingProfile"]
    )
    inner = {"publishingProfile": profile, "storageProfile": old["storageProfile"]}
    inner |= _rest(call, sent, existing)
    target_regions.check_dropped(call, existing, inner)
    draft = Draft(inner, 0, revealed=existing.revealed, hidden=existing.hidden)
    return target_regions.updated(world, call, draft, existing)


def _check_source(old: Json, sent: Json) -> None:
    """Refuse another source: it never changes; leaving it out is no change."""
    before, after = old.get("source") or {}, sent.get("source") or {}
    for key in ("id", "virtualMachineId", "communityGalleryImageId"):
        if after.get(key) and str(after[key]).lower() != str(before.get(key, "")).lower():
            raise refusal("property changed", path=f"{_PATH}.storageProfile.source.{key}")
    os_before = (old.get("osDiskImage") or {}).get("source") or {}
    os_after = (sent.get("osDiskImage") or {}).get("source") or {}
    for key in ("id", "uri"):
        if os_after.get(key) and str(os_after[key]).lower() != str(os_before.get(key, "")).lower():
            raise refusal(
                "property changed", path=f"{_PATH}.storageProfile.osDiskImage.source.{key}"
            )


def _erase(_world: World, call: Call, existing: Resource) -> None:
    safety = existing.properties.get("safetyProfile") or {}
    end = existing.properties["publishingProfile"].get("endOfLifeDate")
    if safety.get("blockDeletionBeforeEndOfLife") and end and parse_time(end) > call.now:
        raise refusal("blocked until end of life")


def _show(resource: Resource, call: Call) -> Json:
    inner = properties(resource, call.now)
    done = exists_fully(resource, call.now)
    if done and call.api >= VALIDATIONS_SINCE and "validationsProfile" not in inner:
        inner["validationsProfile"] = {"validationOperationStatus": "NotExecuted"}
    if call.method == "GET" and call.expands("ReplicationStatus"):
        inner["replicationStatus"] = replication.status(resource.regions, call.now)
    return inner


KIND = Kind(TYPE, "version", _write, show=_show, erase=_erase, retry_after=60)
