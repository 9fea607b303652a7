"""The people of the demo and what each may do; how they are recognised, and how they sign in from a shell."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any

from localcloud.entra.people import ACCOUNTS

READ, SUBMIT = "Migration.Read", "Migration.Submit"
APPROVE, ADMIN = "Migration.Approve", "Migration.Admin"
ROLES = {
    "ada": (READ, SUBMIT, APPROVE),
    "grace": (READ, APPROVE),
    "alan": (READ, APPROVE, ADMIN),
    "mary": (READ,),
    "pipeline": (READ, SUBMIT),
}
OIDS = {account.name: account.oid for account in ACCOUNTS}
KEY_OWNER = "mary"
APPROVERS = [OIDS[name] for name in ("ada", "grace", "alan")]
WEBHOOK_OWNERS = {"webhook": [OIDS["alan"]]}


def new_key() -> str:
    """A key for scripts: 32 random bytes."""
    return secrets.token_hex(32)


def key_settings(key: str) -> dict[str, str]:
    """The settings of the one named key."""
    entry = {"name": "local", "sha256": hashlib.sha256(key.encode()).hexdigest()}
    more = {"roles": [READ, SUBMIT], "owners": [OIDS[KEY_OWNER]]}
    return {"NAMED_KEYS": json.dumps([{**entry, **more}])}


def sign_in_settings(entra: Mapping[str, Any]) -> dict[str, str]:
    """The settings of sign-in: the local tenant's, with App Service's part in front of the app."""
    return {
        "APP_SERVICE_AUTHENTICATION": "true",
        # App Service says so itself.
        "WEBSITE_AUTH_ENABLED": "True",
        "ENTRA_AUTHORITY": entra["authority"],
        "ENTRA_TENANT_ID": entra["tenantId"],
        "ENTRA_AUDIENCES": entra["clientId"],
    }
