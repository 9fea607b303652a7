"""The other services that use images: what is kept, listed and refused, and where Resource Graph has it."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.arm.resources.image_users import USERS, User, at
from localcloud.arm.state.profile import Graph
from packages.localcloud.tests.arm.driving import Driver, error
from packages.localcloud.tests.arm.spec.user_scenarios import USERS as BODIES
from packages.localcloud.tests.arm.test_resource_graph import ask

# Where each type names an image, by its service's SDK.
PATHS = {
    "imageTemplates": "source.imageId",
    "batchAccounts/pools": "deploymentConfiguration.virtualMachineConfiguration.imageReference.id",
    "fleets": "computeProfile.baseVirtualMachineProfile.storageProfile.imageReference.id",
    "managedClusters/nodeTypes": "vmImageResourceId",
    "labs/customImages": "managedImageId",
    "labs/virtualMachines": "customImageId",
}
INDEXED = {
    "resources": {
        "microsoft.virtualmachineimages/imagetemplates",
        "microsoft.batch/batchaccounts",
        "microsoft.azurefleet/fleets",
        "microsoft.devopsinfrastructure/pools",
        "microsoft.servicefabric/managedclusters",
        "microsoft.desktopvirtualization/hostpools",
        "microsoft.devtestlab/labs",
        "microsoft.devtestlab/labs/virtualmachines",
    },
    "batchresources": {"microsoft.batch/batchaccounts/pools"},
}
UNINDEXED = {
    "microsoft.servicefabric/managedclusters/nodetypes",
    "microsoft.devtestlab/labs/customimages",
}


def url(arm: Driver, path: str) -> str:
    """The whole path of a resource in the group."""
    return f"{arm.group}/providers/{path}"


def make_all(arm: Driver) -> str:
    """One of each, all of the same image; its id."""
    image = arm.image()
    for path, api, properties in BODIES:
        body = {"location": "eastus2", "properties": _naming(properties, image)}
        answer = arm.call("PUT", url(arm, path), body, api=api)
        assert answer.status_code in (200, 201), answer.text
    return image


def _naming(value: Any, image: str) -> Any:
    if isinstance(value, dict):
        return {key: _naming(part, image) for key, part in value.items()}
    if isinstance(value, list):
        return [_naming(part, image) for part in value]
    return value.replace("{image}", image) if isinstance(value, str) else value


def test_each_names_its_image_where_its_service_does(arm: Driver) -> None:
    """Read, and listed in its collection; by subscription too, where it is no child."""
    image = make_all(arm)
    for path, api, _ in BODIES:
        found = arm.call("GET", url(arm, path), api=api).json()
        kind = "/".join(path.split("/")[1::2])
        assert found["type"] == f"{path.split('/')[0]}/{kind}"
        listed = arm.call("GET", url(arm, path).rpartition("/")[0], api=api).json()["value"]
        assert listed == [found]
        if kind in PATHS:
            assert at(found["properties"], PATHS[kind]) == image
        if "/" not in kind:
            everywhere = f"{arm.group.rpartition('/resourceGroups/')[0]}/providers/{found['type']}"
            assert arm.call("GET", everywhere, api=api).json()["value"] == [found]


def test_lists_and_texts_name_it_too(arm: Driver) -> None:
    """A template's products, a pool's images, a host pool's JSON inside a text."""
    image = make_all(arm)
    query = (
        "resources | where type =~ 'microsoft.virtualmachineimages/imagetemplates'"
        " | mv-expand product = properties.distribute"
        " | where product.type == 'ManagedImage' | project id, made = tostring(product.imageId)"
    )
    assert [row["made"] for row in ask(arm, query)["data"]] == [image]
    query = (
        "resources | where type =~ 'microsoft.devopsinfrastructure/pools'"
        " | mv-expand image = properties.fabricProfile.images | project id, image.resourceId"
    )
    assert [row["image_resourceId"] for row in ask(arm, query)["data"]] == [image]
    query = (
        "resources | where type =~ 'microsoft.desktopvirtualization/hostpools'"
        " | project id, image = parse_json(tostring(properties.vmTemplate)).customImageId"
    )
    assert [row["image"] for row in ask(arm, query)["data"]] == [image]


def test_resource_graph_has_the_types_that_it_is_known_to_have(arm: Driver) -> None:
    """Pools of Batch in a table of their own; two child types only where a setting says so."""
    make_all(arm)
    for table, types in INDEXED.items():
        found = {row["type"] for row in ask(arm, f"{table} | project id, type")["data"]}
        assert found - {"microsoft.compute/images"} == types
    arm.cloud.set_profile(graph=Graph(children=frozenset(UNINDEXED)))
    found = {row["type"] for row in ask(arm, "resources | project id, type")["data"]}
    arm.cloud.set_profile(graph=Graph())
    assert found >= UNINDEXED


@pytest.mark.parametrize("user", [user for user in USERS if user.required], ids=lambda u: u.type)
def test_what_a_service_must_be_told_is_asked_for(arm: Driver, user: User) -> None:
    """Without a required property 400 that names it."""
    make_all(arm)
    path, api, good = next(row for row in BODIES if _type(row[0]) == user.type)
    for missing in user.required:
        head, _, rest = missing.partition(".")
        body = {"location": "eastus2", "properties": {k: v for k, v in good.items() if k != head}}
        refused = arm.call("PUT", url(arm, path), body, api=api)
        assert error(refused) == (400, "InvalidParameter")
        named = refused.json()["error"]["target"]
        assert named.startswith(f"properties.{head}"), rest


def _type(path: str) -> str:
    space, *parts = path.split("/")
    return "/".join((space, *parts[::2]))


def test_values_of_another_kind_are_refused(arm: Driver) -> None:
    """A host pool's template is a text, a pool's images are a list."""
    arm.image()
    by_type = {_type(path): (path, api, good) for path, api, good in BODIES}
    for kind, change in (
        ("Microsoft.DesktopVirtualization/hostPools", {"vmTemplate": {"customImageId": "x"}}),
        ("Microsoft.DevOpsInfrastructure/pools", {"fabricProfile": {"kind": "Vmss", "images": {}}}),
    ):
        path, api, good = by_type[kind]
        body = {"location": "eastus2", "properties": good | change}
        refused = arm.call("PUT", url(arm, path), body, api=api)
        assert error(refused) == (400, "InvalidRequestContent")


def test_children_need_parents_and_stand_in_their_way(arm: Driver) -> None:
    """A pool without its account is refused, an account with a pool is not deleted."""
    arm.image()
    pool, account = (
        url(arm, "Microsoft.Batch/batchAccounts/a/pools/p"),
        "Microsoft.Batch/batchAccounts/a",
    )
    _, api, good = next(row for row in BODIES if "/pools/" in row[0])
    refused = arm.call("PUT", pool, {"properties": good}, api=api)
    assert error(refused) == (404, "ParentResourceNotFound")
    arm.call("PUT", url(arm, account), {"location": "eastus2", "properties": {}}, api=api)
    assert arm.call("PUT", pool, {"properties": good}, api=api).status_code == 200
    assert error(arm.call("DELETE", url(arm, account), api=api)) == (409, "CannotDeleteResource")
    assert arm.call("DELETE", pool, api=api).status_code == 200
    assert arm.call("DELETE", url(arm, account), api=api).status_code == 200
