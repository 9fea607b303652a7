"""Asks Microsoft's SDKs who uses images: run in an environment that has them, prints JSON.

`python sdk_users.py URL SUBSCRIPTION GROUP`, with the variables of a managed identity; for each service
the ids of images that its SDK reads, from its lists.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from azure.identity import ManagedIdentityCredential

# The SDKs are in an environment of their own, without which nothing is known of them.
Client = Any


def client(package: str, name: str, url: str, *arguments: str) -> Client:
    """A client of that package, which does not retry."""
    made = getattr(import_module(f"azure.mgmt.{package}"), name)
    scopes = ["https://management.azure.com/.default"]
    return made(
        ManagedIdentityCredential(),
        *arguments,
        base_url=url,
        credential_scopes=scopes,
        retry_total=0,
    )


def templates(sdk: Client, _group: str) -> Iterable[Any]:
    """Sources and products of Image Builder templates."""
    for template in sdk.virtual_machine_image_templates.list():
        yield template.properties.source.image_id
        yield from (product.image_id for product in template.properties.distribute)


def pools(sdk: Client, group: str) -> Iterable[Any]:
    """Images of Batch pools."""
    for account in sdk.batch_account.list():
        for pool in sdk.pool.list_by_batch_account(group, account.name):
            machines = pool.properties.deployment_configuration.virtual_machine_configuration
            yield machines.image_reference.id


def fleets(sdk: Client, _group: str) -> Iterable[Any]:
    """Images of Compute Fleets."""
    for fleet in sdk.fleets.list_by_subscription():
        profile = fleet.properties.compute_profile.base_virtual_machine_profile
        yield profile.storage_profile.image_reference.id


def agents(sdk: Client, _group: str) -> Iterable[Any]:
    """Images of Managed DevOps Pools."""
    for pool in sdk.pools.list_by_subscription():
        yield from (image.resource_id for image in pool.properties.fabric_profile.images)


def nodes(sdk: Client, group: str) -> Iterable[Any]:
    """Images of Service Fabric node types."""
    for cluster in sdk.managed_clusters.list_by_subscription():
        for kind in sdk.node_types.list_by_managed_clusters(group, cluster.name):
            yield kind.properties.vm_image_resource_id


def desktops(sdk: Client, _group: str) -> Iterable[Any]:
    """Images of Virtual Desktop host pools, whose template is JSON inside a text."""
    for pool in sdk.host_pools.list():
        yield json.loads(pool.vm_template)["customImageId"]


def labs(sdk: Client, group: str) -> Iterable[Any]:
    """Images behind the custom images of DevTest Labs, and those of their machines."""
    for lab in sdk.labs.list_by_subscription():
        yield from (image.managed_image_id for image in sdk.custom_images.list(group, lab.name))
        yield from (one.custom_image_id for one in sdk.virtual_machines.list(group, lab.name))


SERVICES: dict[str, tuple[str, str, Callable[[Client, str], Iterable[Any]]]] = {
    "Image Builder": ("imagebuilder", "ImageBuilderClient", templates),
    "Batch": ("batch", "BatchManagementClient", pools),
    "Compute Fleet": ("computefleet", "ComputeFleetMgmtClient", fleets),
    "DevOps Pools": ("devopsinfrastructure", "DevOpsInfrastructureMgmtClient", agents),
    "Service Fabric": (
        "servicefabricmanagedclusters",
        "ServiceFabricManagedClustersManagementClient",
        nodes,
    ),
    "Virtual Desktop": ("desktopvirtualization", "DesktopVirtualizationMgmtClient", desktops),
    "DevTest Labs": ("devtestlabs", "DevTestLabsClient", labs),
}


def locks(url: str, subscription: str, group: str) -> list[str]:
    """Lock the image `web` and its subscription, list both at the image, and remove them."""
    sdk = client("resource.locks", "ManagementLockClient", url, subscription).management_locks
    place = (group, "Microsoft.Compute", "", "images", "web")
    sdk.create_or_update_at_resource_level(*place, "keep", {"level": "CanNotDelete"})
    sdk.create_or_update_at_subscription_level("all", {"level": "ReadOnly", "notes": "n"})
    found = [f"{lock.name} {lock.level}" for lock in sdk.list_at_resource_level(*place)]
    sdk.delete_at_subscription_level("all")
    sdk.delete_at_resource_level(*place, "keep")
    return [*found, *(lock.name for lock in sdk.list_at_subscription_level())]


def graph(url: str) -> dict[str, Any]:
    """All pages of a query, and the code that a bad one is refused with."""
    sdk = client("resourcegraph", "ResourceGraphClient", url)
    models = import_module("azure.mgmt.resourcegraph.models")
    query = "resources | project id, type | order by id asc"
    pages: list[list[Any]] = []
    token = None
    while not pages or token:
        options = models.QueryRequestOptions(top=3, skip_token=token, result_format="objectArray")
        page = sdk.resources(models.QueryRequest(query=query, options=options))
        pages.append([page.total_records, page.count, str(page.result_truncated)])
        token = page.skip_token
    try:
        sdk.resources(models.QueryRequest(query="resources | evaluate x()"))
    except import_module("azure.core.exceptions").HttpResponseError as error:
        details = [detail.code for detail in error.error.details]
        return {"pages": pages, "refused": [error.status_code, error.error.code, *details]}
    raise AssertionError("a query that nobody knows was taken")


def asked(url: str, subscription: str, group: str) -> dict[str, Any]:
    """The images that each SDK reads, and what two others say."""
    images = {
        service: list(read(client(package, name, url, subscription), group))
        for service, (package, name, read) in SERVICES.items()
    }
    return {"images": images, "locks": locks(url, subscription, group), "graph": graph(url)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asked(*sys.argv[1:4])))
