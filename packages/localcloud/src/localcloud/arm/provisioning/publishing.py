"""The publishing profile of a version (of an image, of an application): defaults, display names, refusals."""

from __future__ import annotations

import re

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.regions import DISPLAY, ZONELESS, display, short
from localcloud.arm.protocol.timestamps import arm_time, parse_time
from localcloud.arm.state.model import Json

_TYPE = "Microsoft.Compute/galleries"
_VERSION = re.compile(r"\d{1,10}\.\d{1,10}\.\d{1,10}\Z")
SECURITY_SINCE = "2022-01-03"
# PreferStandard_ZRS is the default strategy from here on.
ZONE_REDUNDANT_SINCE = "2025-03-03"


def path_of(call: Call) -> str:
    """Return the profile's name in refusals: `galleryImageVersion.properties.publishingProfile`."""
    return f"{artifact(call)[0].lower()}{artifact(call)[1:]}.properties.publishingProfile"


def artifact(call: Call) -> str:
    """Return the kind of version that this is, in the service's own word."""
    of_application = "/applications/" in call.target.kind
    return "GalleryApplicationVersion" if of_application else "GalleryImageVersion"


def is_version(name: str) -> bool:
    """Return True if it is of the form Major.Minor.Patch, each a number of 32 bits."""
    return bool(_VERSION.match(name)) and all(int(part) < 2**31 for part in name.split("."))


def region_names(profile: Json) -> list[str]:
    """The short names of its target regions."""
    return [short(region["name"]) for region in profile["targetRegions"]]


def complete(call: Call, sent: Json, location: str, old: Json | None) -> Json:
    """The profile as answered; `old` is what an update starts from."""
    given = {key: value for key, value in sent.items() if value is not None}
    merged = (old or {}) | given
    replicas = merged.get("replicaCount") or 1
    _check_replicas(replicas, f"{path_of(call)}.replicaCount")
    storage = merged.get("storageAccountType") or _default_storage(call, location)
    regions = [
        _region(call, region, replicas, given, i)
        for i, region in enumerate(merged.get("targetRegions") or [{"name": location}])
    ]
    _check_regions(call, regions, location, old)
    profile: Json = {"targetRegions": regions, "replicaCount": replicas}
    profile["excludeFromLatest"] = bool(merged.get("excludeFromLatest", False))
    profile["publishedDate"] = (old or {}).get("publishedDate") or arm_time(call.now)
    if merged.get("endOfLifeDate"):
        profile["endOfLifeDate"] = _end_of_life(call, merged["endOfLifeDate"], old)
    profile["storageAccountType"] = storage
    for key in ("replicationMode", "storageAccountStrategy"):
        if merged.get(key) is not None:
            profile[key] = merged[key]
    if merged.get("targetExtendedLocations"):
        zones = merged["targetExtendedLocations"]
        profile["targetExtendedLocations"] = [_edge_zone(zone, replicas) for zone in zones]
    _check_mode(call, old, profile)
    return profile


def _default_storage(call: Call, region: str) -> str:
    modern = call.api >= ZONE_REDUNDANT_SINCE and short(region) not in ZONELESS
    return "Standard_ZRS" if modern else "Standard_LRS"


def _region(call: Call, sent: Json, replicas: int, given: Json, index: int) -> Json:
    name = str(sent.get("name") or "")
    if short(name) not in DISPLAY:
        raise refusal("region", location=name, type=_TYPE, locations=",".join(DISPLAY))
    count = sent.get("regionalReplicaCount")
    count = replicas if count is None else count
    _check_replicas(count, f"{path_of(call)}.targetRegions[{index}].regionalReplicaCount")
    storage = sent.get("storageAccountType") or given.get("storageAccountType")
    region: Json = {
        "name": display(name),
        "regionalReplicaCount": count,
        "storageAccountType": storage or _default_storage(call, name),
    }
    if sent.get("encryption"):
        region["encryption"] = _encryption(call, sent["encryption"])
    kept = ("excludeFromLatest", "additionalReplicaSets")
    return region | {key: sent[key] for key in kept if sent.get(key) is not None}


def _edge_zone(sent: Json, replicas: int) -> Json:
    defaults = {"extendedLocationReplicaCount": replicas, "storageAccountType": "Standard_LRS"}
    given = {key: value for key, value in sent.items() if value is not None}
    return defaults | given | {"name": display(str(sent.get("name")))}


def _encryption(call: Call, sent: Json) -> Json:
    """As sent, but the OS disk's always has a security profile since 2022 (recorded)."""
    if not sent.get("osDiskImage") or call.api < SECURITY_SINCE:
        return sent
    return sent | {"osDiskImage": {"securityProfile": {}} | sent["osDiskImage"]}


def _check_replicas(count: object, parameter: str) -> None:
    if not isinstance(count, int) or not 1 <= count <= 100:
        raise refusal("replicas", value=count, parameter=parameter)


def _check_regions(call: Call, regions: list[Json], location: str, old: Json | None) -> None:
    names = [short(region["name"]) for region in regions]
    if len(set(names)) < len(names):
        raise refusal("duplicate regions", path=path_of(call))
    if short(location) not in names:
        shown = ",".join(region["name"] for region in regions)
        raise refusal("home region", path=path_of(call), regions=shown, location=location)
    before = {r["name"]: r["storageAccountType"] for r in (old or {}).get("targetRegions", [])}
    for region in regions:
        was = before.get(region["name"], region["storageAccountType"])
        if was != region["storageAccountType"]:
            raise refusal("storage type", path=path_of(call), region=region["name"], type=was)


def _end_of_life(call: Call, sent: str, old: Json | None) -> str:
    try:
        moment = parse_time(sent)
    except ValueError:
        raise refusal("value", value=sent, parameter=f"{path_of(call)}.endOfLifeDate") from None
    unchanged = (old or {}).get("endOfLifeDate") == arm_time(moment)
    if moment <= call.now and not unchanged:
        raise refusal("end of life", path=path_of(call))
    return arm_time(moment)


def _check_mode(call: Call, old: Json | None, new: Json) -> None:
    if old is None:
        return
    for key, default in (("replicationMode", "Full"), ("storageAccountType", "Standard_LRS")):
        if old.get(key, default) != new.get(key, default):
            raise refusal("property changed", path=f"{path_of(call)}.{key}")
