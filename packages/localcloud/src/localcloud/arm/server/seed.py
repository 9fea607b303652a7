"""The contents of a fresh local cloud: managed images of the usual shapes, galleries for them, networks.

Shapes and values are like recorded ones (disk names with 32 hexadecimal digits, caching and
storage types as captured from machines); names, ids and tags are our own.
"""

from __future__ import annotations

from hashlib import md5
from typing import TYPE_CHECKING

from localcloud.arm.resources.groups import GROUP
from localcloud.arm.state.model import Json

# The examples of an app need the names, not the emulator.
if TYPE_CHECKING:
    from localcloud.arm.server.emulation import Emulation

GALLERY = "myGallery"
GALLERIES = {"eastus2": "gallery-eastus2", "westeurope": "gallery-westeurope"}
# For machines that are made for a while: by region the name of a network, with one subnet.
TEST_GROUP, TEST_SUBNET = "boot-tests", "machines"
TEST_NETWORKS = {"eastus2": "tests-eastus2", "westeurope": "tests-westeurope"}

# name: (group, region, generation, OS, OS disk GB, data disks GB, tags, createdTime, options)
IMAGES: dict[str, tuple[str, str, str | None, str, int, list[int], dict[str, str], str, Json]] = {
    "web-2019": (
        "web",
        "eastus2",
        "V1",
        "Windows",
        127,
        [],
        {"team": "web", "release": "2019.4"},
        "2024-03-11T09:14:52.1270319Z",
        {},
    ),
    "ubuntu-base": (
        "linux",
        "eastus2",
        "V2",
        "Linux",
        30,
        [],
        {"os": "ubuntu-22.04"},
        "2025-01-07T05:56:12.3341187Z",
        {},
    ),
    "legacy-app": (
        "linux",
        "eastus2",
        None,
        "Linux",
        29,
        [100, 50],
        {},
        "2019-06-25T21:02:11.4805513Z",
        {},
    ),
    "sql-large": (
        "data",
        "westeurope",
        "V2",
        "Windows",
        127,
        [1023, 2048],
        {"team": "data"},
        "2023-11-02T13:40:27.9021444Z",
        {},
    ),
    "encrypted-vault": (
        "data",
        "westeurope",
        "V2",
        "Linux",
        30,
        [10],
        {"team": "security"},
        "2024-08-26T09:30:07.5820375Z",
        {"des": "vault-keys"},
    ),
    "firewall-appliance": (
        "network",
        "eastus2",
        "V1",
        "Linux",
        60,
        [],
        {"vendor": "contoso-firewall"},
        "2022-06-29T08:03:40.6384603Z",
        {"plan": {"name": "byol", "publisher": "contoso", "product": "firewall"}},
    ),
}


def image(subscription: str, name: str) -> Json:
    """One of the images, as ARM would return it."""
    group, region, generation, os, size, data, tags, created, options = IMAGES[name]
    scope = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute"
    des = options.get("des")
    encryption = {"diskEncryptionSet": {"id": f"{scope}/diskEncryptionSets/{des}"}} if des else {}
    os_disk = {"osType": os, "osState": "Generalized", "diskSizeGB": size}
    os_disk |= _disk(scope, f"{name}-vm_OsDisk_1", "ReadWrite") | encryption
    disks = [
        {"lun": lun, "diskSizeGB": gigabytes}
        | _disk(scope, f"{name}-vm_lun_{lun}_{lun + 2}", "None")
        | encryption
        for lun, gigabytes in enumerate(data)
    ]
    inner: Json = {
        "sourceVirtualMachine": {"id": f"{scope}/virtualMachines/{name}-vm"},
        "storageProfile": {"osDisk": os_disk, "dataDisks": disks},
    }
    if generation:
        inner["hyperVGeneration"] = generation
    body: Json = {"id": f"{scope}/images/{name}", "type": "Microsoft.Compute/images"}
    body |= {"location": region, "tags": tags, "properties": inner, "createdTime": created}
    return body | ({"plan": options["plan"]} if "plan" in options else {})


def _disk(scope: str, name: str, caching: str) -> Json:
    digits = md5(name.encode(), usedforsecurity=False).hexdigest()
    return {
        "managedDisk": {"id": f"{scope}/disks/{name}_{digits}"},
        "caching": caching,
        "storageAccountType": "Premium_LRS",
    }


def seed_default(cloud: Emulation) -> list[Json]:
    """Groups, galleries, networks and images; returns the images. Does nothing to what is there already."""
    subscription = cloud.subscription_ids[0]
    root = f"/subscriptions/{subscription}/resourceGroups"
    regions = {group: region for group, region, *_ in IMAGES.values()}
    regions |= {group: region for region, group in GALLERIES.items()}
    regions[TEST_GROUP] = "eastus2"
    wanted: list[Json] = [
        {"id": f"{root}/{name}", "type": GROUP, "location": region}
        for name, region in regions.items()
    ]
    wanted += [_gallery(root, subscription, *item) for item in GALLERIES.items()]
    wanted += [_network(root, *item) for item in TEST_NETWORKS.items()]
    images = [image(subscription, name) for name in IMAGES]
    missing = [body for body in wanted + images if cloud.world.find(body["id"]) is None]
    cloud.seed(missing)
    return images


def _gallery(root: str, subscription: str, region: str, group: str) -> Json:
    name = GALLERY if region == "eastus2" else f"{GALLERY}_{region}"
    return {
        "id": f"{root}/{group}/providers/Microsoft.Compute/galleries/{name}",
        "location": region,
        "properties": {"identifier": {"uniqueName": f"{subscription}-{name.upper()}"}},
    }


def _network(root: str, region: str, name: str) -> Json:
    return {
        "id": f"{root}/{TEST_GROUP}/providers/Microsoft.Network/virtualNetworks/{name}",
        "location": region,
        "properties": {"subnets": [{"name": TEST_SUBNET}]},
    }
