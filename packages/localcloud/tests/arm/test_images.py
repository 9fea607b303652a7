"""Managed images, galleries and definitions: defaults, immutable properties, names, deletion."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from packages.localcloud.tests.arm.driving import DEFINITION, Driver, definition, error, machine

OS_DISK = {"osType": "Linux", "osState": "Generalized"}


@pytest.mark.parametrize(("deallocated", "at_once"), [(True, [None, None]), (False, [30, 10])])
def test_an_image_of_a_machine_gets_its_disks(
    arm: Driver, deallocated: bool, at_once: list[int | None]
) -> None:
    """The machine's caching and types at once, and sizes unless it is deallocated; generation 1 unless sent."""
    arm.image("to-make-the-group")
    source = {"sourceVirtualMachine": {"id": arm.machine()}}
    if deallocated:
        arm.call("POST", "virtualMachines/vm/deallocate", api="2024-07-01")
    made = arm.put("images/web", {"location": "eastus2", "properties": source})
    assert "Location" not in made.headers
    assert "Retry-After" not in made.headers
    disks = disks_of(made.json())
    assert [disk.get("diskSizeGB") for disk in disks] == at_once
    assert [disk["storageAccountType"] for disk in disks] == ["Premium_LRS", "Premium_LRS"]
    assert [disk["caching"] for disk in disks] == ["ReadWrite", "None"]
    arm.pass_time(minutes=1)
    image = arm.get("images/web")
    assert image["properties"]["hyperVGeneration"] == "V1"
    assert [disk["diskSizeGB"] for disk in disks_of(image)] == [30, 10]


def disks_of(image: Any) -> list[Any]:
    """Its OS disk and its data disks."""
    storage = image["properties"]["storageProfile"]
    return [storage["osDisk"], *storage["dataDisks"]]


def test_a_deallocated_machine_names_no_sizes(arm: Driver) -> None:
    """Nor types of storage, until it is started again."""
    arm.image("to-make-the-group")
    arm.machine()
    for action, size, kind in (("deallocate", None, None), ("start", 30, "Premium_LRS")):
        arm.call("POST", f"virtualMachines/vm/{action}", api="2024-07-01")
        found = arm.call("GET", "virtualMachines/vm", api="2024-07-01").json()
        os_disk = found["properties"]["storageProfile"]["osDisk"]
        assert os_disk.get("diskSizeGB") == size
        assert os_disk["managedDisk"].get("storageAccountType") == kind


def test_a_zone_resilient_image_of_a_machine(arm: Driver) -> None:
    """Its storage profile says only that; the disks come from the machine."""
    arm.image("to-make-the-group")
    inner = {
        "sourceVirtualMachine": {"id": arm.machine()},
        "storageProfile": {"zoneResilient": True},
    }
    made = arm.put("images/web", {"location": "eastus2", "properties": inner})
    assert made.status_code == 201
    assert made.json()["properties"]["storageProfile"]["zoneResilient"] is True
    assert len(disks_of(made.json())) == 2
    arm.pass_time(minutes=1)
    assert arm.get("images/web")["properties"]["storageProfile"]["zoneResilient"] is True


@pytest.mark.parametrize("kind", ["managedDisk", "snapshot"])
def test_an_image_of_disks_tells_their_sizes_at_once(arm: Driver, kind: str) -> None:
    """Type and size as the disk or snapshot has them; the oldest api-version waits with both (recorded)."""
    arm.image("to-make-the-group")
    path = "disks" if kind == "managedDisk" else "snapshots"
    os_disk = OS_DISK | {kind: {"id": arm.disk(f"{path}/os", 64, "Premium_LRS")}}
    data = {"lun": 3, kind: {"id": arm.disk(f"{path}/data", 16)}}
    inner = {"storageProfile": {"osDisk": os_disk, "dataDisks": [data]}}
    body = {"location": "eastus2", "properties": inner}
    disks = disks_of(arm.put("images/web", body).json())
    assert [(d["storageAccountType"], d["diskSizeGB"]) for d in disks] == [
        ("Premium_LRS", 64),
        ("Standard_LRS", 16),
    ]
    old = disks_of(arm.call("PUT", "images/old", body, api="2017-03-30").json())
    assert [(d["storageAccountType"], d.get("diskSizeGB")) for d in old] == 2 * [
        ("Standard_LRS", None)
    ]
    arm.pass_time(minutes=1)
    assert [disk["diskSizeGB"] for disk in disks_of(arm.get("images/old"))] == [64, 16]


def test_defaults_of_an_image_from_a_disk(arm: Driver) -> None:
    """Caching None, no data disks; zoneResilient and generation only if sent."""
    arm.image("to-make-the-group")
    os_disk = OS_DISK | {"managedDisk": {"id": arm.disk()}}
    inner: Any = {"storageProfile": {"osDisk": os_disk}}
    storage = arm.put("images/web", {"location": "eastus2", "properties": inner}).json()
    profile = storage["properties"]["storageProfile"]
    assert profile["osDisk"]["caching"] == "None"
    assert profile["dataDisks"] == []
    assert "zoneResilient" not in profile
    assert "hyperVGeneration" not in storage["properties"]


MISSING: dict[str, Any] = {
    "a machine": {"sourceVirtualMachine": {"id": "virtualMachines/none"}},
    "a disk": {"storageProfile": {"osDisk": OS_DISK | {"managedDisk": {"id": "disks/none"}}}},
    "a snapshot": {"storageProfile": {"osDisk": OS_DISK | {"snapshot": {"id": "snapshots/none"}}}},
    "a data disk": {
        "storageProfile": {
            "osDisk": OS_DISK | {"blobUri": "https://a.b/c.vhd"},
            "dataDisks": [{"lun": 0, "managedDisk": {"id": "disks/none"}}],
        }
    },
}


@pytest.mark.parametrize("what", MISSING)
def test_an_image_of_what_does_not_exist(arm: Driver, what: str) -> None:
    """404 NotFound with the name of the source, and no image."""
    arm.image("to-make-the-group")
    inner = json.loads(
        re.sub(r'"(\w+/none)"', lambda m: f'"{arm.id(m[1])}"', json.dumps(MISSING[what]))
    )
    refused = arm.call("PUT", "images/web", {"location": "eastus2", "properties": inner})
    assert error(refused) == (404, "NotFound")
    assert refused.json()["error"]["message"] == "Resource none is not found."
    assert arm.call("GET", "images/web").status_code == 404


def test_a_disk_of_an_image_has_one_source(arm: Driver) -> None:
    """A disk and a blob at once are refused."""
    arm.image("to-make-the-group")
    two = OS_DISK | {"managedDisk": {"id": arm.disk()}, "blobUri": "https://a.b/c.vhd"}
    body = {"location": "eastus2", "properties": {"storageProfile": {"osDisk": two}}}
    assert error(arm.call("PUT", "images/web", body)) == (400, "InvalidParameter")


@pytest.mark.parametrize(
    "changed",
    [
        {"osDisk": OS_DISK | {"managedDisk": {"id": "disks/other"}}},
        {"osDisk": OS_DISK | {"blobUri": "https://a.b/c.vhd"}},
        {"dataDisks": [{"lun": 0, "managedDisk": {"id": "disks/other"}}]},
    ],
)
def test_the_disks_of_an_image_cannot_be_changed(arm: Driver, changed: Any) -> None:
    """409 PropertyChangeNotAllowed for another source; the same one in other letters is none."""
    arm.image("to-make-the-group")
    os_disk = OS_DISK | {"managedDisk": {"id": arm.disk()}}
    body: Any = {"location": "eastus2", "properties": {"storageProfile": {"osDisk": os_disk}}}
    arm.put("images/web", body)
    arm.pass_time(minutes=1)
    refused = arm.call("PUT", "images/web", body | {"properties": {"storageProfile": changed}})
    assert error(refused) == (409, "PropertyChangeNotAllowed")
    os_disk["managedDisk"] = {"id": arm.id("disks/OS")}
    os_disk["caching"] = "ReadOnly"
    arm.put("images/web", body)
    assert disks_of(arm.get("images/web"))[0]["caching"] == "ReadOnly"


def test_the_source_machine_of_an_image_cannot_be_changed(arm: Driver) -> None:
    """409 PropertyChangeNotAllowed; tags may change, and stay after a PATCH."""
    arm.image("to-make-the-group")
    body: Any = {"location": "eastus2", "properties": {}}
    body["properties"] = {"sourceVirtualMachine": {"id": arm.machine("a")}}
    arm.put("images/web", body)
    arm.pass_time(minutes=1)
    other = {"sourceVirtualMachine": {"id": arm.machine("b")}}
    refused = arm.call("PUT", "images/web", body | {"properties": other})
    assert error(refused) == (409, "PropertyChangeNotAllowed")
    patched = arm.call("PATCH", "images/web", {"tags": {"a": "b"}})
    assert (patched.status_code, patched.json()["properties"]["provisioningState"]) == (
        200,
        "Updating",
    )
    arm.pass_time(minutes=1)
    assert arm.get("images/web")["tags"] == {"a": "b"}


def test_an_image_that_machines_are_made_from_cannot_be_deleted(arm: Driver) -> None:
    """409 OperationNotAllowed naming the machine, until it is provisioned."""
    image = arm.image()
    arm.put("virtualMachines/vm", machine(image))
    refused = arm.call("DELETE", "images/web")
    assert error(refused) == (409, "OperationNotAllowed")
    assert "Virtual Machines 'vm'" in refused.json()["error"]["message"]
    arm.pass_time(minutes=5)
    assert arm.call("DELETE", "images/web").status_code == 202


def test_trusted_launch_needs_a_gallery_image(arm: Driver) -> None:
    """A managed image is no source for a machine with security type TrustedLaunch."""
    body = machine(arm.image())
    body["properties"]["securityProfile"] = {"securityType": "TrustedLaunch"}
    assert error(arm.call("PUT", "virtualMachines/vm", body)) == (400, "BadRequest")


@pytest.mark.parametrize("scope", ["images/web", "", "subscription"])
def test_a_lock_stops_deletion(arm: Driver, scope: str) -> None:
    """On the image, its group or the subscription: 409 ScopeLocked; taken away, 202."""
    image = arm.image()
    group = arm.group
    where = {"images/web": image, "": group, "subscription": group.rsplit("/", 2)[0]}[scope]
    lock = f"{where}/providers/Microsoft.Authorization/locks/keep"
    body = {"properties": {"level": "CanNotDelete"}}
    assert arm.call("PUT", lock, body, api="2020-05-01").status_code == 201
    refused = arm.call("DELETE", "images/web")
    assert error(refused) == (409, "ScopeLocked")
    assert refused.headers["x-ms-failure-cause"] == "gateway"
    arm.call("DELETE", lock, api="2020-05-01")
    assert arm.call("DELETE", "images/web").status_code == 202


def test_an_image_made_anew_has_another_creation_time(arm: Driver) -> None:
    """The subscription's index tells two images of one name apart."""
    first = _created_time(arm, arm.image())
    arm.call("DELETE", "images/web")
    arm.pass_time(minutes=1)
    assert _created_time(arm, arm.image()) > first


def _created_time(arm: Driver, image: str) -> str:
    name = image.rsplit("/", 1)[1]
    wanted = f"name eq '{name}' and resourceType eq 'Microsoft.Compute/images'"
    subscription = f"/subscriptions/{arm.cloud.subscription_ids[0]}/resources"
    query = {"$filter": wanted, "$expand": "createdTime"}
    found = arm.call("GET", subscription, api="2021-04-01", query=query).json()["value"]
    assert [line["id"] for line in found] == [image]
    return str(found[0]["createdTime"])


@pytest.mark.parametrize("name", ["my-gallery", "_g", "g.", "g" * 81])
def test_illegal_names_of_galleries(arm: Driver, name: str) -> None:
    """Letters, digits, underscores and periods in the middle, at most 80."""
    arm.image()
    refused = arm.call("PUT", f"galleries/{name}", {"location": "eastus2"})
    assert error(refused) == (400, "InvalidParameter")


def test_a_gallery_is_unique_in_its_subscription(arm: Driver) -> None:
    """The same name in another group is refused; its unique name is in upper case."""
    arm.gallery()
    inner = arm.get("galleries/g")["properties"]
    assert inner["identifier"]["uniqueName"] == f"{arm.cloud.subscription_ids[0]}-G"
    other = arm.group + "2"
    arm.call("PUT", other, {"location": "eastus2"}, api="2024-11-01")
    path = f"{other}/providers/Microsoft.Compute/galleries/G"
    refused = arm.call("PUT", path, {"location": "eastus2"}, api="2024-03-03")
    assert refused.status_code == 409


def test_definitions_keep_what_they_are(arm: Driver) -> None:
    """Immutable properties, one definition for an identifier, defaults of the older APIs."""
    arm.gallery()
    changed = definition(hyperVGeneration="V2")
    assert error(arm.call("PUT", DEFINITION, changed)) == (409, "PropertyChangeNotAllowed")
    assert error(arm.call("PUT", "galleries/g/images/twin", definition())) == (409, "Conflict")
    plain = definition("other", disallowed={}, features=[])
    del plain["properties"]["hyperVGeneration"]
    made = arm.put("galleries/g/images/other", plain).json()["properties"]
    assert (made["hyperVGeneration"], made["architecture"]) == ("V1", "x64")
    assert not {"disallowed", "features"} & made.keys()


def test_the_newer_default_of_definitions(arm: Driver) -> None:
    """From 2025-03-03 an unnamed generation is 2 with TrustedLaunchSupported."""
    arm.gallery()
    body = definition("new")
    del body["properties"]["hyperVGeneration"]
    made = arm.call("PUT", "galleries/g/images/new", body, api="2025-03-03").json()["properties"]
    assert made["hyperVGeneration"] == "V2"
    assert made["features"] == [{"name": "SecurityType", "value": "TrustedLaunchSupported"}]


@pytest.mark.parametrize("api", ["2024-03-03", "2025-03-03"])
def test_the_same_definition_again_changes_nothing(arm: Driver, api: str) -> None:
    """Neither the features that were sent nor those that the service put there are lost by silence."""
    arm.gallery()
    sent = [{"name": "IsAcceleratedNetworkSupported", "value": "True"}]
    for name, body in (
        ("silent", definition("silent")),
        ("told", definition("told", features=sent)),
    ):
        path = f"galleries/g/images/{name}"
        body["properties"]["hyperVGeneration"] = "V2"
        made = arm.call("PUT", path, body, api=api).json()["properties"]
        body["properties"].pop("features", None)
        again = arm.call("PUT", path, body, api=api)
        assert again.json()["properties"].get("features") == made.get("features")


def test_what_does_not_exist(arm: Driver) -> None:
    """Group, parent, resource and api-version each have their own error."""
    assert error(arm.call("GET", "images/web")) == (404, "ResourceGroupNotFound")
    arm.image()
    missing = arm.call("GET", "images/nothing")
    assert error(missing) == (404, "ResourceNotFound")
    assert "'Microsoft.Compute/images/nothing' under" in missing.json()["error"]["message"]
    orphan = arm.call("PUT", "galleries/none/images/d", definition())
    assert error(orphan) == (404, "ParentResourceNotFound")
    assert error(arm.call("GET", "images/web", api="2022-08-02")) == (
        400,
        "NoRegisteredProviderFound",
    )
    assert arm.call("DELETE", "images/nothing").status_code == 204


@pytest.mark.parametrize(
    ("path", "parent"),
    [("galleries/none/images", "none"), ("galleries/none/images/d/versions", "none/d")],
)
def test_a_list_below_what_is_missing_names_it(arm: Driver, path: str, parent: str) -> None:
    """404 ParentResourceNotFound with the path of the parent."""
    arm.image()
    missing = arm.call("GET", path)
    assert error(missing) == (404, "ParentResourceNotFound")
    assert f"Parent resource '{parent}' not found." in missing.json()["error"]["message"]


# api-versions by client: azure-mgmt-compute 33 to 39, @azure/arm-compute 23 to 25.
CLIENTS = {
    "images/web": ["2024-07-01", "2024-11-01", "2025-04-01", "2026-03-01", "2026-04-01"],
    "galleries/g": ["2023-07-03", "2024-03-03", "2025-03-03", "2025-12-03", "2026-03-03"],
    "galleries/g/applications": [
        "2023-07-03",
        "2024-03-03",
        "2025-03-03",
        "2025-12-03",
        "2026-03-03",
    ],
}


@pytest.mark.parametrize(("path", "versions"), CLIENTS.items(), ids=str)
def test_the_api_versions_of_the_clients_are_known(
    arm: Driver, path: str, versions: list[str]
) -> None:
    """Every api-version that the SDKs for Python and JavaScript send is answered."""
    arm.gallery()
    arm.image()
    assert [arm.call("GET", path, api=api).status_code for api in versions] == [200] * len(versions)


def test_lists_come_in_pages(arm: Driver) -> None:
    """A long list has nextLinks that lead to all of it, each resource once."""
    for number in range(120):
        arm.image(f"image-{number:03}")
    names: list[str] = []
    link = "images"
    while link:
        page = arm.call("GET", link).json()
        names += [image["name"] for image in page["value"]]
        link = page.get("nextLink", "")
    assert names == [f"image-{number:03}" for number in range(120)]


def test_a_deleted_group_takes_everything_along(arm: Driver) -> None:
    """Its resources are gone and remembered as deleted under the caller's correlation id."""
    image = arm.image()
    gone = arm.call(
        "DELETE", arm.group, api="2024-11-01", headers={"x-ms-correlation-request-id": "mine"}
    )
    assert gone.status_code == 202
    assert arm.call("GET", gone.headers["Location"]).status_code == 200
    deleted = {stone["id"]: stone["correlationId"] for stone in arm.cloud.state()["deleted"]}
    assert deleted[image] == "mine"
