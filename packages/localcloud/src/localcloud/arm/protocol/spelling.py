"""Values of closed sets in a request: any casing is taken, Azure's own spelling is kept.

Microsoft's examples for the az CLI write `standard_zrs`, and answers say `Standard_ZRS`; a swagger
with the value in another casing is broken (oav: ENUM_CASE_MISMATCH). A value outside its set is
refused.
"""

from __future__ import annotations

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.state.model import Json

_STORAGE = (
    "Standard_LRS Standard_ZRS Premium_LRS Premium_ZRS PremiumV2_LRS StandardSSD_LRS "
    "StandardSSD_ZRS UltraSSD_LRS"
)
_CREATION = (
    "Attach Copy CopyFromSanSnapshot CopyStart Empty FromImage Import ImportSecure Restore Upload "
    "UploadPreparedSecure"
)
_SETS = {
    "architecture": "x64 Arm64",
    "caching": "None ReadOnly ReadWrite",
    "createOption": _CREATION,
    "hostCaching": "None ReadOnly ReadWrite",
    "hyperVGeneration": "V1 V2",
    "osState": "Generalized Specialized",
    "osType": "Windows Linux",
    "replicationMode": "Full Shallow",
    "storageAccountType": _STORAGE,
    "supportedOSType": "Windows Linux",
}
_VALUES = {key: {value.lower(): value for value in values.split()} for key, values in _SETS.items()}


_PREFIXES = (
    "microsoft.compute/galleries",
    "microsoft.compute/images",
    "microsoft.compute/virtualmachines",
)


def spelt(call: Call) -> Call:
    """Return the call with its properties' values of closed sets in Azure's spelling. Raises InvalidParameter."""
    inner = call.body.get("properties")
    if not inner or not call.target.kind.startswith(_PREFIXES):
        return call
    settled = _settled(inner)
    return call if settled is inner else call.saying(call.body | {"properties": settled})


def _settled(json: Json) -> Json:
    """The same object if all of it is spelt so already, as nearly all requests are."""
    changed: Json = {}
    for key, value in json.items():
        settled = value
        if isinstance(value, str):
            if key in _VALUES:
                settled = _spelt(key, value)
        elif isinstance(value, dict):
            settled = _settled(value)
        elif isinstance(value, list):
            settled = [_settled(item) if isinstance(item, dict) else item for item in value]
        if settled is not value:
            changed[key] = settled
    return json | changed if changed else json


def _spelt(key: str, value: str) -> str:
    known = _VALUES[key]
    if value.lower() not in known:
        raise refusal("value", value=value, parameter=key)
    azures = known[value.lower()]
    return value if value == azures else azures
