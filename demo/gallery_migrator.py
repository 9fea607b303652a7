"""This app on the local cloud: its settings, its part of connection.json and of the greeting, and its reset."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from demo.boot_tests import boot_test_settings
from demo.examples import example_mapping
from demo.greeting import greeting
from demo.identities import assignments, identity_settings
from demo.people import APPROVERS, ROLES, WEBHOOK_OWNERS, key_settings, new_key, sign_in_settings
from demo.tables import empty_tables
from demo.webhook_secrets import new_webhook_secret
from localcloud.state_folder import StateFolder

RECORDS, ANCHORS = "records.sqlite", "anchors.sqlite"


class GalleryMigrator:
    """The app's side of its Azure (`localcloud.azure.AppSide`); `state` is the local cloud's folder."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._key = ""

    def settings(
        self, azure: Mapping[str, Any], folder: StateFolder, control_url: str
    ) -> Mapping[str, str]:
        """Return the app's settings. Where ARM and records are is always this local cloud; of the others, those of the
        process win."""
        arm = azure["arm"]
        self._key = folder.value("named key", new_key)
        defaults = {
            "FUNCTIONS_WORKER_RUNTIME": "python",
            "APPROVAL_WEBHOOK_SECRETS": folder.value("webhook secret", new_webhook_secret),
            "APPROVAL_WEBHOOK_OWNERS": json.dumps(WEBHOOK_OWNERS),
            "APPROVERS": ",".join(APPROVERS),
            "SEALING_KEYS": folder.value("sealing key", new_webhook_secret),
            "AUDIT_KEYS": "local=" + folder.value("audit key", new_webhook_secret),
            "NOTIFICATION_URL": f"{control_url}/notifications",
            "NOTIFICATION_SECRET": folder.value("notification secret", new_webhook_secret),
            "REPLICATION_POLL_INTERVAL": "PT5S",
            "EVENT_GRID_MAPPING": json.dumps([example_mapping(arm["subscriptionIds"][0])]),
            **boot_test_settings(arm["subscriptionIds"][0], os.environ),
        }
        here = {
            "ARM_ENDPOINT": arm["url"],
            "ARM_TOKEN_SCOPE": f"{arm['url']}/.default",
            "SUBSCRIPTION_IDS": ",".join(arm["subscriptionIds"]),
            **identity_settings(os.environ),
            "RECORDS_STORE": "sqlite",
            "RECORDS_SQLITE_PATH": str(folder.path / RECORDS),
            "AUDIT_ANCHORS_SQLITE_PATH": str(folder.path / ANCHORS),
            **sign_in_settings(azure["entra"]),
            **key_settings(self._key),
        }
        of_the_process = {name: os.environ[name] for name in defaults if os.environ.get(name)}
        return {**defaults, **of_the_process, **here}

    def connection(self) -> Mapping[str, Any]:
        """The first of the secrets that the app takes, which signs approvals, and the key that scripts show."""
        first = os.environ["APPROVAL_WEBHOOK_SECRETS"].split(",")[0].strip()
        return {"webhookSecret": first, "namedKey": self._key}

    def roles(self) -> Mapping[str, Sequence[str]]:
        """Return the roles of the people."""
        return ROLES

    def assignments(self) -> Mapping[str, Any]:
        """Return the roles of the app's identities."""
        return assignments()

    def greeting(self, connection: Mapping[str, Any]) -> str:
        """Return what is printed: where everything is, and commands to paste."""
        return greeting(connection, self._state)

    def reset(self) -> None:
        """Empty the app's records, and where their audit ends."""
        empty_tables(self._state / RECORDS)
        empty_tables(self._state / ANCHORS)
