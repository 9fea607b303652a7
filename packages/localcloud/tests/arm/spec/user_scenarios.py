"""The requests of the real SDK for scale sets, and plain requests of the other services that use images."""

from __future__ import annotations

from collections.abc import Callable

from packages.localcloud.tests.arm.spec.bodies import make_image
from packages.localcloud.tests.arm.spec.traffic import GROUP, NOW, REGION, Body, Traffic

GRAPH = "/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01"


def scale_set_body(image: str, capacity: int, **properties: object) -> Body:
    """A scale set of machines from an image."""
    storage = {"imageReference": {"id": image}, "osDisk": {"createOption": "FromImage"}}
    profile = {"osProfile": {"computerNamePrefix": "web"}, "storageProfile": storage}
    inner = {"upgradePolicy": {"mode": "Manual"}, "virtualMachineProfile": profile} | properties
    sku = {"name": "Standard_D2s_v5", "tier": "Standard", "capacity": capacity}
    return {"location": REGION, "sku": sku, "properties": inner}


def scale_sets(traffic: Traffic) -> None:
    """A uniform set that grows, gets another image and upgrades one of its machines."""
    sets = traffic.client.virtual_machine_scale_sets
    instances = traffic.client.virtual_machine_scale_set_vms
    first, second = make_image(traffic, "set-1"), make_image(traffic, "set-2")
    body = scale_set_body(first, 2)
    traffic.finish(sets.begin_create_or_update(GROUP, "uniform", body, **NOW))
    body = scale_set_body(second, 3)
    traffic.finish(sets.begin_create_or_update(GROUP, "uniform", body, **NOW))
    tags: Body = {"tags": {"x": "y"}}
    traffic.finish(sets.begin_update(GROUP, "uniform", tags, **NOW))
    which: Body = {"instanceIds": ["0"]}
    traffic.finish(sets.begin_update_instances(GROUP, "uniform", which, **NOW))
    traffic.finish(sets.begin_deallocate(GROUP, "uniform", **NOW))
    sets.get(GROUP, "uniform")
    list(sets.list(GROUP))
    list(sets.list_all())
    list(sets.list_by_location(REGION))
    list(instances.list(GROUP, "uniform"))
    instances.get(GROUP, "uniform", "0")
    instances.get(GROUP, "uniform", "0", expand="instanceView")
    traffic.finish(instances.begin_delete(GROUP, "uniform", "2", **NOW))
    gone: Body = {"instanceIds": ["1"]}
    traffic.finish(sets.begin_delete_instances(GROUP, "uniform", gone, **NOW))
    traffic.finish(sets.begin_delete(GROUP, "uniform", **NOW))


def flexible_sets(traffic: Traffic) -> None:
    """A flexible set, whose machines are machines."""
    client = traffic.client
    image = make_image(traffic, "set-3")
    body = scale_set_body(image, 1, orchestrationMode="Flexible", platformFaultDomainCount=1)
    sets = client.virtual_machine_scale_sets
    traffic.finish(sets.begin_create_or_update(GROUP, "flexible", body, **NOW))
    list(client.virtual_machines.list_by_location(REGION))
    list(client.virtual_machine_scale_set_vms.list(GROUP, "flexible"))
    sets.get(GROUP, "flexible")
    traffic.finish(sets.begin_delete(GROUP, "flexible", **NOW))


# Path below the group's `providers`, api-version, properties.
USERS: tuple[tuple[str, str, Body], ...] = (
    (
        "Microsoft.VirtualMachineImages/imageTemplates/one",
        "2024-02-01",
        {
            "source": {"type": "ManagedImage", "imageId": "{image}"},
            "distribute": [{"type": "ManagedImage", "imageId": "{image}", "runOutputName": "r"}],
        },
    ),
    ("Microsoft.Batch/batchAccounts/one", "2024-07-01", {}),
    (
        "Microsoft.Batch/batchAccounts/one/pools/one",
        "2024-07-01",
        {
            "vmSize": "STANDARD_D2S_V5",
            "deploymentConfiguration": {
                "virtualMachineConfiguration": {"imageReference": {"id": "{image}"}}
            },
        },
    ),
    (
        "Microsoft.AzureFleet/fleets/one",
        "2024-11-01",
        {
            "vmSizesProfile": [{"name": "Standard_D2s_v5"}],
            "computeProfile": {
                "baseVirtualMachineProfile": {
                    "storageProfile": {"imageReference": {"id": "{image}"}}
                }
            },
        },
    ),
    (
        "Microsoft.DevOpsInfrastructure/pools/one",
        "2024-10-19",
        {
            "maximumConcurrency": 1,
            "devCenterProjectResourceId": "/subscriptions/s/resourceGroups/g",
            "fabricProfile": {"kind": "Vmss", "images": [{"resourceId": "{image}"}]},
        },
    ),
    (
        "Microsoft.ServiceFabric/managedClusters/one",
        "2024-04-01",
        {"dnsName": "one", "adminUserName": "a"},
    ),
    (
        "Microsoft.ServiceFabric/managedClusters/one/nodeTypes/one",
        "2024-04-01",
        {"isPrimary": True, "vmInstanceCount": 5, "vmImageResourceId": "{image}"},
    ),
    (
        "Microsoft.DesktopVirtualization/hostPools/one",
        "2024-04-03",
        {
            "hostPoolType": "Pooled",
            "loadBalancerType": "BreadthFirst",
            "preferredAppGroupType": "Desktop",
            "vmTemplate": '{"customImageId":"{image}","imageType":"CustomImage"}',
        },
    ),
    ("Microsoft.DevTestLab/labs/one", "2018-09-15", {}),
    (
        "Microsoft.DevTestLab/labs/one/customImages/one",
        "2018-09-15",
        {"managedImageId": "{image}"},
    ),
    (
        "Microsoft.DevTestLab/labs/one/virtualMachines/one",
        "2018-09-15",
        {"customImageId": "{image}"},
    ),
)


def other_users(traffic: Traffic) -> None:
    """Each of the other types: made, read, listed, and gone in the end, children first."""
    make_image(traffic, "used")
    providers = traffic.compute.removesuffix("Microsoft.Compute")
    for path, api, properties in USERS:
        url = f"{providers}{path}?api-version={api}"
        made = traffic.send("PUT", url, {"location": REGION, "properties": properties})
        assert made.status in (200, 201), made.response_body
        traffic.send("GET", url)
        traffic.send("GET", f"{providers}{path.rpartition('/')[0]}?api-version={api}")
    for path, api, _ in reversed(USERS):
        assert traffic.send("DELETE", f"{providers}{path}?api-version={api}").status == 200


def resource_graph(traffic: Traffic) -> None:
    """A query, and one that is refused."""
    query: Body = {"query": "resources | where type =~ 'microsoft.compute/images' | project id"}
    assert traffic.send("POST", GRAPH, query).status == 200
    refused: Body = {"query": "resources | evaluate bag_unpack(properties)"}
    assert traffic.send("POST", GRAPH, refused).status == 400


SCENARIOS: tuple[Callable[[Traffic], None], ...] = (
    scale_sets,
    flexible_sets,
    other_users,
    resource_graph,
)
