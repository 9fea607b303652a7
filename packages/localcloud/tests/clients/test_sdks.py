"""The SDKs for JavaScript and Go drive the ARM emulator and understand what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.arm.state.profile import Profile
from packages.localcloud.tests.clients.keeping import keeps_to_the_specification
from packages.localcloud.tests.clients.resources import (
    KINDS,
    Resource,
    definition,
    gallery,
    image,
    lineage,
    version,
)
from packages.localcloud.tests.clients.sdks import PROGRAMS, Program, Sdk, SdkError, started
from packages.localcloud.tests.clients.served import make_group, served

pytestmark = [pytest.mark.clients, pytest.mark.timeout(300)]


@pytest.fixture(scope="module", params=PROGRAMS, ids=lambda program: program.name)
def sdk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sdk]:
    """Each SDK with a cloud of its own, whose lists have two resources a page."""
    program: Program = request.param
    profile = Profile(page_size=2)
    with served(tmp_path_factory.mktemp("cloud"), profile) as cloud:
        make_group(cloud)
        with started(program, cloud, tmp_path_factory.mktemp("home")) as running:
            yield running


def refused(call: Any, *arguments: Any) -> SdkError:
    """The error that the SDK raises."""
    with pytest.raises(SdkError) as caught:
        call(*arguments)
    return caught.value


def in_any_case(model: dict[str, Any]) -> dict[str, Any]:
    """The model with its id in lower case: Azure's lists of galleries have the group's name in capitals."""
    return model | {"id": model["id"].lower()}


def make(sdk: Sdk, *resources: Resource) -> None:
    """Creates them in this order."""
    for resource in resources:
        assert sdk.put(resource)["provisioningState"] == "Succeeded"


@pytest.mark.parametrize("kind", KINDS)
def test_from_its_creation_to_its_end(sdk: Sdk, kind: str) -> None:
    """Created, read and listed as one and the same; written again unchanged; deleted, it is gone."""
    *parents, resource = lineage(kind, f"whole_{kind}", sdk.served.subscription)
    make(sdk, *parents)
    made = sdk.put(resource)
    assert made["provisioningState"] == "Succeeded"
    assert (made["name"], made["tags"]) == (resource.name, resource.body["tags"])
    assert sdk.get(resource) == made
    assert in_any_case(made) in [in_any_case(one) for one in sdk.list(resource)]

    assert sdk.put(resource) == made
    assert sdk.get(resource) == made

    sdk.delete(resource)
    gone = refused(sdk.get, resource)
    assert (gone.status, gone.code) == (404, "ResourceNotFound")
    assert resource.name not in [one["name"] for one in sdk.list(resource)]
    sdk.delete(resource)
    for parent in reversed(parents):
        sdk.delete(parent)


def test_lists_are_followed_to_their_last_page(sdk: Sdk) -> None:
    """Five galleries in pages of two: the SDK's iterator gives each of them once."""
    galleries = [gallery(f"paged{number}") for number in range(5)]
    make(sdk, *galleries)
    names = [one["name"] for one in sdk.list(galleries[0])]
    assert sorted(name for name in names if name.startswith("paged")) == [g.name for g in galleries]


def test_replication_is_understood(sdk: Sdk) -> None:
    """A version is published in its regions, and read with its replication where that is asked for."""
    *parents, published = lineage("version", "published", sdk.served.subscription)
    make(sdk, *parents, published)
    assert not sdk.get(published).get("replicationStatus")
    shown = sdk.get(published, expand="ReplicationStatus")
    assert shown["replicationStatus"]["aggregatedState"] == "Completed"
    regions = [(one["region"], one["progress"]) for one in shown["replicationStatus"]["summary"]]
    assert regions == [("eastus2", 100), ("westus", 100)]
    targets = shown["publishingProfile"]["targetRegions"]
    found = [(t["name"], t["regionalReplicaCount"], t["storageAccountType"]) for t in targets]
    assert found == [("East US 2", 1, "Standard_LRS"), ("West US", 2, "Standard_ZRS")]
    assert shown["storageProfile"]["dataDiskImages"][0]["lun"] == 0


def test_a_failed_version_is_an_error(sdk: Sdk) -> None:
    """A generation that differs is accepted first; the SDK raises what the operation ends with."""
    name = "mismatch"
    make(sdk, image(name, generation="V1"), gallery(name), definition(name))
    error = refused(sdk.put, failing := version(name, sdk.served.subscription))
    assert "Conflict" in str(error)
    assert "has a different Hypervisor generation ['V1'] than the parent gallery" in str(error)
    assert sdk.get(failing)["provisioningState"] == "Failed"


def test_a_gallery_that_is_not_empty_stays(sdk: Sdk) -> None:
    """Its deletion is refused with ARM's status and code as long as it has a definition."""
    make(sdk, gallery("full"), definition("full"))
    error = refused(sdk.delete, gallery("full"))
    assert (error.status, error.code) == (409, "CannotDeleteResource")
    assert sdk.get(gallery("full"))["provisioningState"] == "Succeeded"


def test_traffic_keeps_to_the_specification(sdk: Sdk, tmp_path: Path) -> None:
    """Of all the answers above none breaks the swagger or a recorded rule."""
    keeps_to_the_specification(sdk.version, sdk.served.seen, tmp_path)
