"""Gallery applications: written at once, answered without a provisioningState (recorded)."""

from __future__ import annotations

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.timestamps import arm_time, parse_time
from localcloud.arm.provisioning.kinds import Draft, Kind
from localcloud.arm.resources.definitions import is_name
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.states import properties
from localcloud.arm.state.world import World

_OS = "supportedOSType"
_KEPT = [
    _OS,
    "description",
    "eula",
    "privacyStatementUri",
    "releaseNoteUri",
    "endOfLifeDate",
    "customActions",
]


def _write(_world: World, call: Call, existing: Resource | None) -> Draft:
    sent = call.body.get("properties") or {}
    if not is_name(call.target.name):
        raise refusal("application name")
    if existing is not None:
        sent = {_OS: existing.properties.get(_OS)} | {
            k: v for k, v in sent.items() if v is not None
        }
    if not sent.get(_OS):
        raise refusal("required", parameter=f"galleryApplication.properties.{_OS}")
    if existing is not None and sent[_OS] != existing.properties.get(_OS):
        raise refusal("property changed", path=f"galleryApplication.properties.{_OS}")
    inner: Json = {key: sent[key] for key in _KEPT if sent.get(key) not in (None, [])}
    if inner.get("endOfLifeDate"):
        inner["endOfLifeDate"] = _moment(str(inner["endOfLifeDate"]))
    return Draft(inner, 0)


def _moment(text: str) -> str:
    try:
        return arm_time(parse_time(text))
    except ValueError:
        path = "galleryApplication.properties.endOfLifeDate"
        raise refusal("value", value=text, parameter=path) from None


def _show(resource: Resource, call: Call) -> Json:
    inner = properties(resource, call.now)
    inner.pop("provisioningState")
    return inner


KIND = Kind(
    "Microsoft.Compute/galleries/applications",
    "other",
    _write,
    show=_show,
    synchronous=True,
    delete_status=200,
)
