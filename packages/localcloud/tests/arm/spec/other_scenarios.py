"""Requests of the real SDK about images and all that is around a gallery.

Each scenario uses names of its own and leaves the cloud usable for the next.
"""

from __future__ import annotations

from collections.abc import Callable

from packages.localcloud.tests.arm.spec.bodies import (
    image_body,
    make_definition,
    make_image,
    version_body,
)
from packages.localcloud.tests.arm.spec.traffic import GROUP, NOW, REGION, Body, Traffic, refused

LOCKS = "2020-05-01"
RESOURCES = "2024-11-01"


def images(traffic: Traffic) -> None:
    """A managed image from its creation to its end."""
    api = traffic.client.images
    make_image(traffic, "plain")
    change: Body = {"tags": {"x": "y"}}
    traffic.finish(api.begin_update(GROUP, "plain", change, **NOW))
    traffic.finish(api.begin_create_or_update(GROUP, "plain", image_body(traffic), **NOW))
    api.get(GROUP, "plain")
    list(api.list_by_resource_group(GROUP))
    list(api.list())
    traffic.finish(api.begin_delete(GROUP, "plain", **NOW))
    refused(api.get, GROUP, "plain")
    api.begin_delete(GROUP, "plain", **NOW)


def machines(traffic: Traffic) -> None:
    """A machine from an image: while it is being made, the image cannot be deleted."""
    client = traffic.client
    image = make_image(traffic, "booted")
    body: Body = {
        "location": REGION,
        "properties": {"storageProfile": {"imageReference": {"id": image}}},
    }
    client.virtual_machines.begin_create_or_update(GROUP, "vm", body, **NOW)
    begun = traffic.seen[-1]
    refused(client.images.begin_delete, GROUP, "booted", **NOW)
    traffic.follow(begun)
    tags: Body = {"tags": {"x": "y"}}
    traffic.finish(client.virtual_machines.begin_update(GROUP, "vm", tags, **NOW))
    traffic.finish(client.virtual_machines.begin_deallocate(GROUP, "vm", **NOW))
    client.virtual_machines.generalize(GROUP, "vm")
    client.virtual_machines.get(GROUP, "vm")
    list(client.virtual_machines.list(GROUP))
    list(client.virtual_machines.list_all())
    traffic.finish(client.virtual_machines.begin_delete(GROUP, "vm", **NOW))


def disks(traffic: Traffic) -> None:
    """Make and read a disk, a snapshot and a disk encryption set, which images and versions refer to."""
    empty = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 10}
    for kind, inner in (
        ("disks", empty),
        ("snapshots", empty),
        ("diskEncryptionSets", {"encryptionType": "EncryptionAtRestWithCustomerKey"}),
    ):
        path = f"{traffic.compute}/{kind}/one?api-version=2024-03-02"
        traffic.finish(traffic.send("PUT", path, {"location": REGION, "properties": inner}))
        traffic.send("GET", path)


def locks(traffic: Traffic) -> None:
    """A lock on an image, what it prevents, and its end."""
    image = make_image(traffic, "locked")
    lock = f"{image}/providers/Microsoft.Authorization/locks/keep?api-version={LOCKS}"
    traffic.send("PUT", lock, {"properties": {"level": "CanNotDelete", "notes": "keep"}})
    traffic.send("GET", lock)
    refused(traffic.client.images.begin_delete, GROUP, "locked", **NOW)
    at = f"{image}/providers/Microsoft.Authorization/locks?api-version={LOCKS}"
    listed: Body = traffic.send("GET", at).response_body
    assert [one["name"] for one in listed["value"]] == ["keep"]
    assert traffic.send("DELETE", lock).status == 200


def deployments(traffic: Traffic) -> None:
    """A template of one resource."""
    group = f"{traffic.subscription}/resourceGroups/{GROUP}/providers/Microsoft.Resources"
    template = {
        "resources": [
            {
                "type": "Microsoft.Network/publicIPAddresses",
                "name": "address",
                "apiVersion": "2023-09-01",
                "location": REGION,
                "properties": {},
            }
        ]
    }
    body: Body = {"properties": {"mode": "Incremental", "template": template, "parameters": {}}}
    path = f"{group}/deployments/one?api-version={RESOURCES}"
    begun = traffic.send("PUT", path, body)
    traffic.time.advance(minutes=1)
    traffic.send("GET", begun.response_headers["Azure-AsyncOperation"])
    traffic.send("GET", path)


def directory(traffic: Traffic) -> None:
    """Subscriptions, tenants, resource groups and the index of resources."""
    make_image(traffic, "indexed")
    version = f"?api-version={RESOURCES}"
    traffic.send("GET", f"/subscriptions{version}")
    traffic.send("GET", f"{traffic.subscription}{version}")
    traffic.send("GET", f"/tenants{version}")
    group = f"{traffic.subscription}/resourcegroups/another{version}"
    traffic.send("PUT", group, {"location": REGION})
    traffic.send("GET", group)
    traffic.send("GET", f"{traffic.subscription}/resourcegroups{version}")
    gone = traffic.send("DELETE", group)
    traffic.send("GET", gone.response_headers["Location"])
    traffic.send("GET", f"{traffic.subscription}/locations{version}")
    traffic.send("GET", f"{traffic.subscription}/tagnames{version}")
    traffic.send("GET", f"{traffic.subscription}/providers/Microsoft.Compute{version}")
    only = "$filter=resourceType eq 'Microsoft.Compute/images' and name eq 'indexed'"
    traffic.send("GET", f"{traffic.subscription}/resources{version}&$expand=createdTime&{only}")


def refusals(traffic: Traffic) -> None:
    """Requests that ARM or the provider turns down at once."""
    client = traffic.client
    versions_api, galleries_api = client.gallery_image_versions, client.galleries
    image = make_image(traffic, "refused-source")
    names = make_definition(traffic, "refused")
    body = version_body(image)
    traffic.finish(versions_api.begin_create_or_update(*names, "1.0.0", body, **NOW))
    other = version_body(make_image(traffic, "refused-other"))
    refused(versions_api.begin_create_or_update, *names, "1.0.0", other, **NOW)
    refused(versions_api.begin_create_or_update, *names, "one", body, **NOW)
    refused(versions_api.begin_create_or_update, GROUP, "refused", "none", "1.0.0", body, **NOW)
    refused(galleries_api.get, "nowhere", "refused")
    refused(galleries_api.begin_create_or_update, "nowhere", "g", {"location": REGION}, **NOW)
    traffic.send("GET", f"{traffic.compute}/galleries/refused?api-version=2020-02-30")
    traffic.cloud.set_profile(throttling=True, bucket_scale=0.01)
    for _ in range(4):
        last = traffic.send("GET", f"{traffic.compute}/galleries/refused?api-version=2026-03-03")
    traffic.cloud.set_profile(throttling=False, bucket_scale=1.0)
    assert last.status == 429
    traffic.send("GET", f"{traffic.subscription}?api-version=2022-12-01", Authorization="none")


SCENARIOS: tuple[Callable[[Traffic], None], ...] = (
    images,
    machines,
    disks,
    locks,
    deployments,
    directory,
    refusals,
)
