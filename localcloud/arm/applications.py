"""Gallery applications: a gallery's other children, kept as sent and written at once."""

from __future__ import annotations

from localcloud.arm.call import Call
from localcloud.arm.kinds import Draft, Kind
from localcloud.arm.model import Json, Resource
from localcloud.arm.states import properties
from localcloud.arm.world import World

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


KIND = Kind(
    "Microsoft.Compute/galleries/applications",
    "other",
    _write,
    show=_show,
    synchronous=True,
    delete_status=200,
)
