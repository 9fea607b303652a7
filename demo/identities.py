"""The app's three managed identities in the local cloud, by their client ids, with the very roles of `infra/roles`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROLES = Path(__file__).parents[1] / "infra" / "roles"
PUBLISHER = "0d0d0d0d-0000-4000-8000-000000000001"
DELETER = "0d0d0d0d-0000-4000-8000-000000000002"
TESTER = "0d0d0d0d-0000-4000-8000-000000000003"
ROLES_OF = {
    PUBLISHER: ("reader", "soft-delete-reader", "publisher"),
    DELETER: ("deleter", "restorer", "version-reader"),
    TESTER: ("tester", "subnet-joiner", "version-reader"),
}
# Of all subscriptions of the local cloud.
_SCOPE = "/"


def identity_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """The settings that name them; in the environment another one may delete, or, where it is empty, none."""
    deleter = environ.get("DELETER_CLIENT_ID", DELETER)
    names = {"AZURE_CLIENT_ID": PUBLISHER, "TESTER_CLIENT_ID": TESTER}
    return {**names, "DELETER_CLIENT_ID": deleter}


def assignments() -> dict[str, list[Any]]:
    """Their roles in the local ARM: `localcloud.arm.protocol.rights`."""
    return {
        client: [{"scope": _SCOPE, "actions": actions_of(role)} for role in roles]
        for client, roles in ROLES_OF.items()
    }


def actions_of(role: str) -> list[str]:
    """The actions of a role of `infra/roles`."""
    actions: list[str] = json.loads((ROLES / f"{role}.json").read_text())["actions"]
    return actions
