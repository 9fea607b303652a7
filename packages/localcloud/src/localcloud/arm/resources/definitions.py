"""Image definitions (`Microsoft.Compute/galleries/images`)."""

from __future__ import annotations

import re

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.timestamps import arm_time, parse_time
from localcloud.arm.provisioning.kinds import Draft, Kind
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.states import properties
from localcloud.arm.state.world import World

TYPE = "Microsoft.Compute/galleries/images"
_NAME = re.compile(r"[^_\W][\w.-]{0,79}(?<![-.])\Z", re.ASCII)
_REQUIRED = ("osType", "osState", "identifier")
_FIXED = ("osType", "osState", "hyperVGeneration", "architecture", "identifier", "eula")
_KEPT = [
    "description",
    "eula",
    "privacyStatementUri",
    "releaseNoteUri",
    "endOfLifeDate",
    "recommended",
    "purchasePlan",
    "disallowed",
    "allowUpdateImage",
]
_SINCE = {"hyperVGeneration": "2019-07-01", "architecture": "2020-09-30"}
# The service writes some feature values in its own casing.
_CASING = {"confidentialvm": "ConfidentialVM", "true": "True", "false": "False"}
# From here on definitions are of generation 2 and TrustedLaunchSupported by default.
NEW_DEFAULTS_SINCE = "2025-03-03"


def _write(world: World, call: Call, existing: Resource | None) -> Draft:
    sent = call.body.get("properties") or {}
    if not is_name(call.target.name):
        raise refusal("definition name")
    if existing is not None:
        sent = _carried(existing) | sent
    for name in _REQUIRED:
        if not sent.get(name):
            raise refusal("required", parameter=f"galleryImage.properties.{name}")
    inner = _complete(sent, modern=call.api >= NEW_DEFAULTS_SINCE and existing is None)
    if existing is not None:
        _check_fixed(existing, inner)
    _check_identifier(world, call, inner["identifier"])
    kind = "definition update" if existing else "definition create"
    return Draft(inner, world.seconds(kind, call.target.path))


def is_name(name: str) -> bool:
    """Return True if the text can be the name of a definition or of an application."""
    return _NAME.match(name) is not None


def _carried(existing: Resource) -> Json:
    """Return what an update need not repeat: what cannot change, or, as the features, not by silence.

    Features are updated with `allowUpdateImage`, says azure-mgmt-compute; one that the service put there
    by itself is not lost by the same PUT again.
    """
    names = (*_FIXED, "features")
    return {name: existing.properties[name] for name in names if name in existing.properties}


def _complete(sent: Json, *, modern: bool) -> Json:
    generation = sent.get("hyperVGeneration") or ("V2" if modern else "V1")
    features = [_recased(feature) for feature in sent.get("features") or []]
    named = any(feature.get("name") == "SecurityType" for feature in features)
    if modern and generation == "V2" and not named:
        features.append({"name": "SecurityType", "value": "TrustedLaunchSupported"})
    inner: Json = {
        "hyperVGeneration": generation,
        "architecture": sent.get("architecture") or "x64",
    }
    if features:
        inner["features"] = features
    inner |= {key: sent[key] for key in ("osType", "osState", "identifier")}
    inner |= {key: sent[key] for key in _KEPT if sent.get(key) not in (None, {}, [])}
    if inner.get("endOfLifeDate"):
        inner["endOfLifeDate"] = arm_time(parse_time(str(inner["endOfLifeDate"])))
    return inner


def _show(resource: Resource, call: Call) -> Json:
    """Older api-versions answer without the properties they do not know."""
    inner = properties(resource, call.now)
    return {key: inner[key] for key in inner if call.api >= _SINCE.get(key, "")}


def _recased(feature: Json) -> Json:
    value = str(feature.get("value"))
    return feature | {"value": _CASING.get(value.lower(), value)}


def _check_fixed(existing: Resource, inner: Json) -> None:
    for name in _FIXED:
        if existing.properties.get(name) != inner.get(name):
            raise refusal("property changed", path=f"galleryImage.properties.{name}")


def _check_identifier(world: World, call: Call, identifier: Json) -> None:
    wanted = {key: str(value).lower() for key, value in identifier.items()}
    for other in world.listed(call.target.key.rsplit("/", 1)[0]):
        has = {k: str(v).lower() for k, v in other.properties["identifier"].items()}
        if other.key != call.target.key and has == wanted:
            raise refusal("identifier taken", name=other.name, **identifier)


KIND = Kind(TYPE, "definition", _write, show=_show)
