"""The dependencies of the app's use cases, made once for a worker process and handed in."""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from arm.client import ArmClient
from domain.settings import InvalidSettingsError, Settings, in_azure
from records.migrations import MigrationRecords
from services.stores import open_records
from services.token_verification import TokenVerifier

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

_HOST_JSON = Path(__file__).parents[1] / "host.json"
_DEFAULT_VERSION = "AzureFunctionsJobHost__extensions__durableTask__defaultVersion"

log = logging.getLogger("gallery_migrator")


def settings_at_start() -> Settings:
    """The settings that the app's functions are registered with: the defaults while any of them is wrong.

    A host only disables a timer whose schedule it cannot read, and an app that cannot be loaded answers nothing at all.
    So the app is always loaded, and every route says what is wrong. The log says it once here.
    """
    try:
        return Settings.from_environ(os.environ)
    except InvalidSettingsError as invalid:
        log.error("invalid settings: %s", invalid)
        return Settings()


@dataclass(frozen=True)
class Dependencies:
    """The settings, records, ARM client and token verifier of the use cases. A further identity in Azure is a further
    ArmClient.

    `version`: what this host gives to the orchestrations that it starts.
    """

    settings: Settings
    records: MigrationRecords
    arm: ArmClient
    tokens: TokenVerifier
    version: str = ""


@cache
def dependencies() -> Dependencies:
    """Made once for a worker process, and handed in by those that are called from outside: activities, HTTP handlers,
    events, timers. Raises InvalidSettingsError with every setting that is wrong, and is asked again then."""
    settings = Settings.from_environ(os.environ)
    return Dependencies(
        settings=settings,
        records=open_records(settings, credential),
        arm=ArmClient(settings.arm_endpoint, settings.token_scope, credential),
        tokens=TokenVerifier(settings),
        version=orchestration_version(_HOST_JSON, os.environ),
    )


def orchestration_version(host_json: Path, environ: Mapping[str, str]) -> str:
    """Return the extension's `defaultVersion` as the host reads it: an app setting wins over host.json; else empty."""
    durable = json.loads(host_json.read_text())["extensions"]["durableTask"]
    return environ.get(_DEFAULT_VERSION) or str(durable.get("defaultVersion", ""))


@cache
def credential() -> "TokenCredential":
    """Return the app's identity in Azure: the managed identity there and no other, the developer's login elsewhere."""
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    # Its clients would sleep between their tries; an activity answers at once, and the orchestrator waits.
    if in_azure(os.environ):
        chosen = os.environ.get("AZURE_CLIENT_ID") or None
        return ManagedIdentityCredential(client_id=chosen, retry_total=0)
    return DefaultAzureCredential(retry_total=0)
