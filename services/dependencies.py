"""The dependencies of the app's use cases, made once for a worker process and handed in."""

import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from arm.client import ArmClient
from domain.settings import InvalidSettingsError, Settings
from records.migrations import MigrationRecords
from services.identities import managed_identity, publisher
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
    """The settings, records, ARM clients and token verifier of the use cases.

    `arm` reads and publishes; `deleter` sends DELETEs of images, `tester` makes the machines of boot tests: None where
    the deployment has no identity for that.
    `version`: what this host gives to the orchestrations that it starts.
    """

    settings: Settings
    records: MigrationRecords
    arm: ArmClient
    tokens: TokenVerifier
    deleter: ArmClient | None = None
    tester: ArmClient | None = None
    version: str = ""


@cache
def dependencies() -> Dependencies:
    """Made once for a worker process, and handed in by those that are called from outside: activities, HTTP handlers,
    events, timers. Raises InvalidSettingsError with every setting that is wrong, and is asked again then."""
    settings = Settings.from_environ(os.environ)
    return Dependencies(
        settings=settings,
        records=open_records(settings, partial(publisher, settings.azure_client_id)),
        arm=_arm(settings, partial(publisher, settings.azure_client_id)),
        deleter=_arm_of(settings, settings.deleter_client_id),
        tester=_arm_of(settings, settings.tester_client_id),
        tokens=TokenVerifier(settings),
        version=orchestration_version(_HOST_JSON, os.environ),
    )


def orchestration_version(host_json: Path, environ: Mapping[str, str]) -> str:
    """Return the extension's `defaultVersion` as the host reads it: an app setting wins over host.json; else empty."""
    durable = json.loads(host_json.read_text())["extensions"]["durableTask"]
    return environ.get(_DEFAULT_VERSION) or str(durable.get("defaultVersion", ""))


def _arm_of(settings: Settings, client_id: str) -> ArmClient | None:
    """A client for a managed identity of its own, None if the settings name none."""
    return _arm(settings, partial(managed_identity, client_id)) if client_id else None


def _arm(settings: Settings, credential: "Callable[[], TokenCredential]") -> ArmClient:
    return ArmClient(settings.arm_endpoint, settings.token_scope, credential)
