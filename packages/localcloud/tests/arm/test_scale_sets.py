"""Scale sets, uniform and flexible: their machines, the image each was made from, lists, the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute import ComputeManagementClient

from localcloud.arm.state.profile import Profile
from packages.localcloud.tests.arm.driving import DEFINITION, GROUP, VERSION, Driver, driven, error
from packages.localcloud.tests.arm.sdk import (
    NOW,
    REGION,
    compute_client,
    instances,
    scale_set,
    storage,
)

ERRORS = Path(__file__).resolve().parents[5] / "shared" / "arm" / "recordings" / "errors"
RECORDED = ERRORS / "CanCreateFromCustomImageWithManagedDisk_async_Failed.json"
# Filled in by the service beside what the emulator is for: networks, secrets, an upgrade's old switch.
LEFT_OUT = {"uniqueId", "networkProfile", "secrets", "automaticOSUpgrade"}


@pytest.fixture
def client(arm: Driver) -> Iterator[ComputeManagementClient]:
    """The real SDK."""
    with compute_client(arm) as made:
        yield made


def put(arm: Driver, client: ComputeManagementClient, body: Any, name: str = "web") -> None:
    """Create or change a set and wait for it."""
    client.virtual_machine_scale_sets.begin_create_or_update(GROUP, name, body, **NOW)
    arm.pass_time(minutes=5)


def test_machines_keep_the_image_they_were_made_from(
    arm: Driver, client: ComputeManagementClient
) -> None:
    """A new model is for new machines; those that are there have drifted until they are upgraded."""
    old, new = arm.image("old"), arm.image("new")
    put(arm, client, scale_set(old, 2))
    assert instances(client, "web") == {"0": (old, True), "1": (old, True)}
    put(arm, client, scale_set(new, 3))
    assert instances(client, "web") == {"0": (old, False), "1": (old, False), "2": (new, True)}
    which: Any = {"instanceIds": ["1"]}
    client.virtual_machine_scale_sets.begin_update_instances(GROUP, "web", which, **NOW)
    assert instances(client, "web") == {"0": (old, False), "1": (new, True), "2": (new, True)}
    found = client.virtual_machine_scale_sets.get(GROUP, "web")
    assert found.properties is not None
    assert found.properties.virtual_machine_profile is not None
    profile = found.properties.virtual_machine_profile.storage_profile
    assert profile is not None
    assert profile.image_reference is not None
    assert (profile.image_reference.id, found.properties.provisioning_state) == (new, "Succeeded")
    assert found.properties.time_created is not None
    assert found.properties.orchestration_mode == "Uniform"


def test_an_automatic_policy_upgrades_at_once(arm: Driver, client: ComputeManagementClient) -> None:
    """No machine keeps the old image."""
    old, new = arm.image("old"), arm.image("new")
    policy = {"upgradePolicy": {"mode": "Automatic"}}
    put(arm, client, scale_set(old, 2, **policy))
    put(arm, client, scale_set(new, 2, **policy))
    assert instances(client, "web") == {"0": (new, True), "1": (new, True)}


def test_capacity_follows_the_machines(arm: Driver, client: ComputeManagementClient) -> None:
    """The highest go first; deleting some lowers the capacity, and ids are not used again."""
    image = arm.image()
    put(arm, client, scale_set(image, 3))
    put(arm, client, scale_set(image, 2))
    assert list(instances(client, "web")) == ["0", "1"]
    client.virtual_machine_scale_set_vms.begin_delete(GROUP, "web", "0", **NOW)
    sku = client.virtual_machine_scale_sets.get(GROUP, "web").sku
    assert sku is not None
    assert sku.capacity == 1
    put(arm, client, scale_set(image, 2))
    assert list(instances(client, "web")) == ["1", "2"]


def test_a_set_whose_image_is_gone_cannot_grow(
    arm: Driver, client: ComputeManagementClient
) -> None:
    """Machines that are there stay; the next one is refused in Azure's words, and a smaller set is not."""
    image = arm.image()
    put(arm, client, scale_set(image, 2))
    arm.call("DELETE", "images/web")
    arm.pass_time(minutes=1)
    grow: Any = {"sku": {"name": "Standard_D2s_v5", "capacity": 3}}
    with pytest.raises(HttpResponseError) as refused:
        client.virtual_machine_scale_sets.begin_update(GROUP, "web", grow, **NOW)
    assert refused.value.error is not None
    assert (refused.value.status_code, refused.value.error.code) == (404, "NotFound")
    assert (
        refused.value.error.message == f"The Image '{image}' cannot be found in 'East US 2' region."
    )
    shrink: Any = {"sku": {"name": "Standard_D2s_v5", "capacity": 1}}
    client.virtual_machine_scale_sets.begin_update(GROUP, "web", shrink, **NOW)
    assert instances(client, "web") == {"0": (image, True)}


def test_the_machines_of_a_flexible_set_are_machines(
    arm: Driver, client: ComputeManagementClient
) -> None:
    """They name their set, the set's list points at them, and they go with it."""
    image = arm.image()
    put(arm, client, scale_set(image, 2, orchestrationMode="Flexible"))
    machines = list(client.virtual_machines.list_all())
    parent = arm.id("virtualMachineScaleSets/web")
    assert len(machines) == 2
    for machine in machines:
        assert machine.properties is not None
        assert machine.properties.virtual_machine_scale_set is not None
        assert machine.properties.virtual_machine_scale_set.id == parent
        assert machine.properties.storage_profile is not None
        assert machine.properties.storage_profile.image_reference is not None
        assert machine.properties.storage_profile.image_reference.id == image
        assert machine.properties.time_created is not None
    listed = list(client.virtual_machine_scale_set_vms.list(GROUP, "web"))
    told = [one.properties.virtual_machine_resource_id for one in listed if one.properties]
    assert told == [machine.id for machine in machines]
    client.virtual_machine_scale_sets.begin_delete(GROUP, "web", **NOW)
    arm.pass_time(minutes=5)
    assert list(client.virtual_machines.list_all()) == []
    assert list(client.virtual_machine_scale_sets.list_all()) == []


def test_a_flexible_set_may_have_no_model(arm: Driver, client: ComputeManagementClient) -> None:
    """Machines join it by naming it; another mode is refused afterwards."""
    arm.image()
    body: Any = {"location": REGION, "properties": {"orchestrationMode": "Flexible"}}
    put(arm, client, body, "loose")
    inner = {"storageProfile": storage(arm.id("images/web"))}
    inner["virtualMachineScaleSet"] = {"id": arm.id("virtualMachineScaleSets/loose")}
    arm.put("virtualMachines/one", {"location": REGION, "properties": inner})
    listed = list(client.virtual_machine_scale_set_vms.list(GROUP, "loose"))
    assert [one.instance_id for one in listed] == ["one"]
    body["properties"]["orchestrationMode"] = "Uniform"
    assert error(arm.call("PUT", "virtualMachineScaleSets/loose", body))[0] == 409


def test_an_ephemeral_disk_is_told_and_is_no_resource(
    arm: Driver, client: ComputeManagementClient
) -> None:
    """`diffDiskSettings` is there for machines, models and instances."""
    image = arm.image()
    local = {"diffDiskSettings": {"option": "Local"}, "caching": "ReadOnly"}
    body = scale_set(image, 1)
    body["properties"]["virtualMachineProfile"]["storageProfile"] = storage(image, **local)
    put(arm, client, body)
    machine = {"location": REGION, "properties": {"storageProfile": storage(image, **local)}}
    arm.put("virtualMachines/one", machine)
    arm.pass_time(minutes=5)
    profiles = [client.virtual_machines.get(GROUP, "one").properties.storage_profile]  # type: ignore[union-attr]  # the SDK says all may be missing
    instance = client.virtual_machine_scale_set_vms.get(GROUP, "web", "0")
    profiles.append(instance.properties.storage_profile)  # type: ignore[union-attr]  # as above
    for profile in profiles:
        assert profile is not None
        assert profile.os_disk is not None
        assert profile.os_disk.diff_disk_settings is not None
        assert profile.os_disk.diff_disk_settings.option == "Local"
    assert list(client.disks.list()) == []


def test_a_definition_stands_for_its_latest_version(
    arm: Driver, client: ComputeManagementClient
) -> None:
    """The highest number that may be the latest and that the region has; the exact one is told."""
    arm.gallery()
    arm.image()
    for name in ("1.0.0", "2.0.0", "10.0.0"):
        excluded = name == "10.0.0"
        answer = arm.version(f"{DEFINITION}/versions/{name}", excludeFromLatest=excluded)
        assert answer.status_code == 201
        arm.pass_time(hours=1)
    definition = arm.id(DEFINITION)
    put(arm, client, scale_set(definition, 1))
    arm.put(
        "virtualMachines/one",
        {"location": REGION, "properties": {"storageProfile": storage(definition)}},
    )
    for found in (
        arm.get("virtualMachines/one"),
        arm.get("virtualMachineScaleSets/web/virtualMachines/0"),
    ):
        reference = found["properties"]["storageProfile"]["imageReference"]
        assert reference == {"id": definition, "exactVersion": "2.0.0"}


def test_a_set_needs_a_version_in_its_region(arm: Driver, client: ComputeManagementClient) -> None:
    """While it replicates there is none; the refusal is the one that machines get."""
    arm.gallery()
    arm.image()
    arm.version()
    body = scale_set(arm.id(VERSION), 1)
    path = "virtualMachineScaleSets/web"
    assert error(arm.call("PUT", path, body)) == (404, "GalleryImageNotFound")
    arm.pass_time(hours=1)
    assert arm.call("PUT", path, body).status_code == 201
    westward = body | {"location": "westus2"}
    assert error(arm.call("PUT", f"{path}2", westward)) == (404, "GalleryImageNotFound")


@pytest.mark.parametrize(
    ("image", "refused"),
    [
        ("images/none", (404, "NotFound")),
        ("galleries/g/images/none", (404, "GalleryImageNotFound")),
        ("galleries/g/images/none/versions/1.0.0", (404, "GalleryImageNotFound")),
    ],
)
def test_nothing_is_made_from_an_image_that_is_not_there(
    arm: Driver, image: str, refused: tuple[int, str]
) -> None:
    """Machines and sets alike; images of other tenants are not looked for."""
    arm.image()
    machine = {"location": REGION, "properties": {"storageProfile": storage(arm.id(image))}}
    assert error(arm.call("PUT", "virtualMachines/one", machine)) == refused
    body = scale_set(arm.id(image), 1)
    assert error(arm.call("PUT", "virtualMachineScaleSets/web", body)) == refused
    others = "/CommunityGalleries/c/Images/i"
    machine["properties"] = {"storageProfile": storage(others)}
    assert arm.call("PUT", "virtualMachines/one", machine).status_code == 201
    body = scale_set(others, 1)
    assert arm.call("PUT", "virtualMachineScaleSets/web", body).status_code == 201


def test_lists_have_pages_and_scopes(state_folder: Path) -> None:
    """Of a group, a subscription and a location, with nextLink; another location has none."""
    with driven(state_folder, Profile(page_size=2)) as arm, compute_client(arm) as client:
        image = arm.image()
        for number in range(3):
            put(arm, client, scale_set(image, 3), f"set-{number}")
            arm.put(
                f"virtualMachines/vm-{number}",
                {"location": REGION, "properties": {"storageProfile": storage(image)}},
            )
        sets = client.virtual_machine_scale_sets
        for found in (sets.list(GROUP), sets.list_all(), sets.list_by_location(REGION)):
            assert [one.name for one in found] == ["set-0", "set-1", "set-2"]
        machines = client.virtual_machines
        for listed in (
            machines.list(GROUP),
            machines.list_all(),
            machines.list_by_location(REGION),
        ):
            assert [one.name for one in listed] == ["vm-0", "vm-1", "vm-2"]
        assert list(sets.list_by_location("westus2")) == []
        assert list(instances(client, "set-1")) == ["0", "1", "2"]
        assert arm.get("virtualMachineScaleSets/set-1/virtualMachines")["nextLink"]


def test_sets_put_there_directly_have_machines(
    arm: Driver, client: ComputeManagementClient
) -> None:
    """As many as the capacity says, of the model, made when the set was."""
    image = arm.image()
    body = scale_set(image, 2)
    seeded = body | {
        "id": arm.id("virtualMachineScaleSets/web"),
        "createdTime": "2024-03-11T09:14:52Z",
    }
    arm.cloud.seed([seeded])
    assert instances(client, "web") == {"0": (image, True), "1": (image, True)}
    machine = client.virtual_machine_scale_set_vms.get(GROUP, "web", "1")
    assert machine.properties is not None
    assert machine.properties.time_created is not None
    assert machine.properties.time_created.year == 2024


def test_what_is_not_there_is_not_found(arm: Driver) -> None:
    """A set, a machine of a set, an action's ids."""
    arm.image()
    path = "virtualMachineScaleSets/web"
    assert error(arm.call("GET", f"{path}/virtualMachines")) == (404, "ResourceNotFound")
    arm.call("PUT", path, scale_set(arm.id("images/web"), 1))
    assert error(arm.call("GET", f"{path}/virtualMachines/7")) == (404, "ResourceNotFound")
    assert error(arm.call("POST", f"{path}/manualupgrade", {})) == (400, "InvalidParameter")


def test_sets_and_machines_are_there_after_a_restart(state_folder: Path) -> None:
    """Drifted machines as well."""
    with driven(state_folder) as arm, compute_client(arm) as client:
        put(arm, client, scale_set(arm.image("old"), 1))
        put(arm, client, scale_set(arm.image("new"), 2))
        before = instances(client, "web")
    with driven(state_folder) as arm, compute_client(arm) as client:
        assert instances(client, "web") == before
        assert [latest for _, latest in before.values()] == [False, True]


@pytest.mark.skipif(not RECORDED.exists(), reason=f"needs the recording {RECORDED.name}")
def test_the_recorded_answer(arm: Driver) -> None:
    """A uniform set of an image with three disks answers as Azure did: sizes and data disks filled in."""
    entries = json.loads(RECORDED.read_text())["Entries"]
    entry = next(e for e in entries if "/virtualMachineScaleSets/" in e["RequestUri"])
    sent, recorded = json.loads(entry["RequestBody"]), json.loads(entry["ResponseBody"])
    disks = [
        {"lun": lun, "diskSizeGB": size, "caching": "ReadWrite"}
        for lun, size in ((1, 100), (2, 50))
    ]
    os_disk = {"osType": "Linux", "osState": "Generalized", "diskSizeGB": 29}
    name = "img69717f"
    profile = {"osDisk": os_disk, "dataDisks": disks}
    body = {
        "id": arm.id(f"images/{name}"),
        "location": "eastus",
        "properties": {"storageProfile": profile},
    }
    arm.cloud.add_image(body)
    theirs = recorded["id"].partition("/providers/")[0]
    moved = json.loads(json.dumps(sent).replace(theirs, arm.group))
    answer = arm.call("PUT", "virtualMachineScaleSets/vmss84787", moved, api="2020-06-01")
    assert answer.status_code == entry["StatusCode"] == 201
    assert "Azure-AsyncOperation" in answer.headers
    assert "Location" not in answer.headers
    expected = json.loads(json.dumps(recorded).replace(theirs, arm.group))
    assert without(answer.json()) == without(expected)


def without(body: Any) -> Any:
    """The body without what the emulator leaves out."""
    if isinstance(body, dict):
        return {key: without(value) for key, value in body.items() if key not in LEFT_OUT}
    return [without(value) for value in body] if isinstance(body, list) else body
