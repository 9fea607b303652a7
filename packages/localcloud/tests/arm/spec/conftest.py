"""One emulator and one run of all scenarios for the tests of this folder."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from azure.identity import ManagedIdentityCredential
from azure.mgmt.compute import ComputeManagementClient

from localcloud.arm.state.profile import Profile
from localcloud.testing.running_arm import MovableTime, running_cloud
from packages.localcloud.tests.arm.spec import (
    gallery_scenarios,
    machine_scenarios,
    other_scenarios,
    user_scenarios,
)
from packages.localcloud.tests.arm.spec.bodies import make_disks
from packages.localcloud.tests.arm.spec.traffic import GROUP, REGION, Traffic

PROFILE = Profile(
    failing_regions={gallery_scenarios.FAILING: "Failed with internal server error."},
    shapes={"*": "steady"},
)


@pytest.fixture(scope="session")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traffic]:
    """All scenarios, played once with the real SDK."""
    time = MovableTime()
    with contextlib.ExitStack() as stack:
        state = tmp_path_factory.mktemp("cloud")
        cloud = stack.enter_context(running_cloud(state, time, profile=PROFILE))
        environment = stack.enter_context(pytest.MonkeyPatch.context())
        environment.setenv("IDENTITY_ENDPOINT", cloud.identity_endpoint)
        environment.setenv("IDENTITY_HEADER", cloud.identity_header)
        client = stack.enter_context(
            ComputeManagementClient(
                ManagedIdentityCredential(),
                cloud.subscription_ids[0],
                base_url=cloud.url,
                credential_scopes=["https://management.azure.com/.default"],
                connection_verify=str(cloud.ca_file),
                retry_total=0,
            )
        )
        played = Traffic(cloud, time, client)
        cloud.observers.append(played.seen.append)
        group = f"{played.subscription}/resourcegroups/{GROUP}?api-version=2024-11-01"
        played.send("PUT", group, {"location": REGION})
        make_disks(played)
        for scenarios in (gallery_scenarios, other_scenarios, user_scenarios, machine_scenarios):
            for scenario in scenarios.SCENARIOS:
                scenario(played)
        yield played
