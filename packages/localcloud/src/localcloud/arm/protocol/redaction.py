"""Secrets in what clients send: taken out before anything keeps, answers or logs it.

Azure's providers take passwords, keys, protected settings and shared access signatures and never show
them again; an emulator that kept them would write them into its journal in clear text.
"""

from __future__ import annotations

import re
from typing import Any

from localcloud.arm.state.model import Json

_NAMES = frozenset(
    {
        *(
            "adminpassword",
            "adminpasswordorkey",
            "administratorloginpassword",
            "certificatepassword",
        ),
        *("password", "userpassword", "runaspassword", "customdata", "additionalunattendcontent"),
        *("protectedsettings", "protectedparameters", "clientsecret", "secretvalue"),
        *(
            "accesskey",
            "accountkey",
            "primarykey",
            "secondarykey",
            "sharedkey",
            "storageaccountkey",
        ),
        *("accesssas", "sastoken", "sasuri", "connectionstring", "primaryconnectionstring"),
        "secondaryconnectionstring",
    }
)
VAULT_SECRETS = "microsoft.keyvault/vaults/secrets"
# Types of a template's parameters.
_SECURE = ("securestring", "secureobject")
_SIGNATURE = re.compile(r"(?i)([?&;]|%3f|%26)sig=[^&#;\s\"']*")
_IN_CONNECTION = re.compile(
    r"(?i)\b(accountkey|sharedaccess(?:key|signature)|password|pwd)=[^;\s\"']+"
)
# Searched for in bodies in lower case.
_SUSPECT = re.compile(rb"pass|pwd|sec|sig|sas|protected|customdata|unattend|key|connection|\\u")
# Without one of these in a text, neither pattern matches.
_MARKS = ("sig=", "key=", "signature=", "password=", "pwd=")


def may_hold_secrets(body: bytes) -> bool:
    """Return True if the body may hold secrets; a cheap look that spares most bodies the thorough one."""
    return _SUSPECT.search(body.lower()) is not None


def without_secrets(json: Json) -> Json:
    """Return the object without its secrets, at any depth; tags stay, since anybody may read them."""
    clean = _clean({key: value for key, value in json.items() if key != "tags"})
    return clean | ({"tags": json["tags"]} if "tags" in json else {})


def without_value(secret: Json) -> Json:
    """The body of a key vault's secret without the secret: in Azure it is read from the vault only."""
    inner = secret.get("properties")
    if not isinstance(inner, dict):
        return secret
    return secret | {"properties": {k: v for k, v in inner.items() if k.lower() != "value"}}


def _clean(json: Json) -> Json:
    secure = _secure(json.get("template"))
    kept = {k: _cleaned(v) for k, v in json.items() if k.lower() not in _NAMES}
    given = kept.get("parameters")
    if secure and isinstance(given, dict):
        kept["parameters"] = {k: v for k, v in given.items() if k.lower() not in secure}
    if str(kept.get("type")).lower() in _SECURE:
        kept.pop("defaultValue", None)
    return kept


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return _clean(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    return without_signature(value) if isinstance(value, str) else value


def _secure(template: object) -> set[str]:
    """Return the names of the parameters that a deployment's template declares secure, in lower case."""
    declared = template.get("parameters") if isinstance(template, dict) else None
    if not isinstance(declared, dict):
        return set()
    types = {k: v.get("type") for k, v in declared.items() if isinstance(v, dict)}
    return {k.lower() for k, kind in types.items() if str(kind).lower() in _SECURE}


def without_signature(text: str) -> str:
    """A URL without the value of its shared access signature, a connection string without its key."""
    lowered = text.lower()
    if not any(mark in lowered for mark in _MARKS):
        return text
    return _IN_CONNECTION.sub(r"\1=", _SIGNATURE.sub(r"\1sig=", text))
