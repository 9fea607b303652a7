"""One ARM emulator for all tests of this folder, emptied before each; the real SDK with tokens from its endpoint."""

from __future__ import annotations

import time as wall
from collections.abc import Iterator
from pathlib import Path

import pytest

import clock
from localcloud.arm.server.arm_cloud import ArmCloud
from localcloud.arm.state.profile import DEFAULT
from localcloud.testing.running_arm import START, MovableTime, running_cloud
from services import identities
from tests.activities.azure import Azure
from tests.app import forget
from tests.builders import SECRET
from tests.credentials import SETTINGS

_TIME = MovableTime()


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArmCloud]:
    """The started emulator."""
    with running_cloud(tmp_path_factory.mktemp("arm"), _TIME) as started:
        yield started


@pytest.fixture(autouse=True)
def app_settings(
    cloud: ArmCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The app points at the emulator, with records of its own; and no activity may sleep."""
    environ = {
        "ARM_ENDPOINT": cloud.url,
        "ARM_TOKEN_SCOPE": f"{cloud.url}/.default",
        "REQUESTS_CA_BUNDLE": str(cloud.ca_file),
        "IDENTITY_ENDPOINT": cloud.identity_endpoint,
        "IDENTITY_HEADER": cloud.identity_header,
        "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
        "SUBSCRIPTION_IDS": cloud.subscription_ids[0],
        "APPROVAL_WEBHOOK_SECRETS": SECRET,
        **SETTINGS,
        "RECORDS_STORE": "sqlite",
        "RECORDS_SQLITE_PATH": str(tmp_path / "records.sqlite"),
        "NO_PROXY": "127.0.0.1,localhost",
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    # Looked at in the end: an SDK may swallow whatever is raised within it.
    slept: list[float] = []
    monkeypatch.setattr(wall, "sleep", slept.append)
    forget()
    clock.use(_TIME.now)
    yield
    clock.use(clock._wall_clock)
    forget()
    assert slept == [], "an activity slept"


@pytest.fixture(scope="session", autouse=True)
def clients_of_this_cloud() -> Iterator[None]:
    """The clients live as long as the emulator that they talk to."""
    yield
    forget()
    identities.forget()


@pytest.fixture
def azure(cloud: ArmCloud, app_settings: None) -> Azure:
    """A fresh cloud at the same moment for every test."""
    cloud.reset()
    cloud.set_profile(**{name: getattr(DEFAULT, name) for name in DEFAULT.__slots__})
    _TIME.advance(seconds=(START - _TIME.now()).total_seconds())
    return Azure(cloud, _TIME)
