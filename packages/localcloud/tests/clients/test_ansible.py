"""Ansible's modules for images and galleries make, find, leave alone and remove what they are told to.

One play does all of it, as each module takes seconds to be imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from packages.localcloud.tests.clients.keeping import keeps_to_the_specification
from packages.localcloud.tests.clients.playing import Ansible, Task
from packages.localcloud.tests.clients.resources import DATA_BLOB, KINDS, OS_BLOB, VERSION
from packages.localcloud.tests.clients.served import GROUP, REGION, make_group, served

pytestmark = [pytest.mark.clients, pytest.mark.timeout(900)]

NAME = "web"
TAGS = {"team": "web"}
IDENTIFIER = {"publisher": "contoso", "offer": "web", "sku": "2019"}
MODULES = {
    "image": "azure_rm_image",
    "gallery": "azure_rm_gallery",
    "definition": "azure_rm_galleryimage",
    "version": "azure_rm_galleryimageversion",
}
# What leads to the lists of each kind, and what the info module calls them.
AMONG: dict[str, dict[str, str]] = {
    "image": {"resource_group": GROUP},
    "gallery": {"resource_group": GROUP},
    "definition": {"resource_group": GROUP, "gallery_name": NAME},
    "version": {"resource_group": GROUP, "gallery_name": NAME, "gallery_image_name": NAME},
}
FOUND = {"image": "images", "gallery": "galleries", "definition": "images", "version": "versions"}
OWN = {kind: {"name": VERSION if kind == "version" else NAME} for kind in KINDS}
WANTED: dict[str, dict[str, Any]] = {
    "image": {
        "source": OS_BLOB,
        "data_disk_sources": [DATA_BLOB],
        "os_type": "Linux",
        "hyper_v_generation": "V2",
    },
    "gallery": {"description": "made by Ansible"},
    "definition": {
        "os_type": "linux",
        "os_state": "generalized",
        "hypervgeneration": "V2",
        "identifier": IDENTIFIER,
    },
    "version": {
        "storage_profile": {"source_image": {"resource_group": GROUP, "name": NAME}},
        "publishing_profile": {
            "exclude_from_latest": True,
            "target_regions": [
                {"name": "East US 2", "regional_replica_count": 1},
                {
                    "name": "westus",
                    "regional_replica_count": 2,
                    "storage_account_type": "Standard_ZRS",
                },
            ],
        },
    },
}

Story = dict[tuple[str, str], dict[str, Any]]


def told() -> Iterator[tuple[tuple[str, str], Task]]:
    """Each kind is made, made again, shown and listed; then, from the last, removed twice and listed."""
    for kind in KINDS:
        one = AMONG[kind] | OWN[kind]
        wanted = one | WANTED[kind] | {"location": REGION, "tags": TAGS}
        yield (kind, "made"), Task(MODULES[kind], wanted)
        yield (kind, "made again"), Task(MODULES[kind], wanted)
        yield (kind, "shown"), Task(f"{MODULES[kind]}_info", one)
        yield (kind, "listed"), Task(f"{MODULES[kind]}_info", AMONG[kind])
    for kind in reversed(KINDS):
        unwanted = AMONG[kind] | OWN[kind] | {"state": "absent"}
        yield (kind, "removed"), Task(MODULES[kind], unwanted)
        yield (kind, "removed again"), Task(MODULES[kind], unwanted)
        yield (kind, "left"), Task(f"{MODULES[kind]}_info", AMONG[kind])


@pytest.fixture(scope="module")
def ansible(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ansible]:
    """Ansible, as the managed identity, at a cloud that is found by its metadata."""
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        make_group(cloud)
        yield Ansible(cloud, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def story(ansible: Ansible) -> Story:
    """The result of each task of the play."""
    keys, tasks = zip(*told(), strict=True)
    return dict(zip(keys, ansible.play(*tasks), strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_made_once(story: Story, kind: str) -> None:
    """The first task makes the resource and gives its id; the same again changes nothing."""
    made, again = story[kind, "made"], story[kind, "made again"]
    assert (made["changed"], again["changed"]) == (True, False)
    assert made["id"].endswith(f"/{OWN[kind]['name']}")
    assert again["id"] == made["id"]


@pytest.mark.parametrize("kind", KINDS)
def test_shown_and_listed(story: Story, kind: str) -> None:
    """The info module finds it by its name and in the list, and takes the one for the other."""
    shown = story[kind, "shown"][FOUND[kind]]
    shown = shown[0] if isinstance(shown, list) else shown
    (listed,) = story[kind, "listed"][FOUND[kind]]
    assert shown | {"id": ""} == listed | {"id": ""}
    assert shown["id"].lower() == listed["id"].lower() == story[kind, "made"]["id"].lower()
    assert (shown["name"], shown["location"], shown["tags"]) == (OWN[kind]["name"], REGION, TAGS)


def test_the_details_are_understood(story: Story) -> None:
    """The info modules print what was asked for, in ARM's words."""
    shown = {kind: story[kind, "listed"][FOUND[kind]][0] for kind in KINDS}
    assert (shown["image"]["os_state"], shown["image"]["hyper_v_generation"]) == (
        "Generalized",
        "V2",
    )
    assert [disk["lun"] for disk in shown["image"]["data_disks"]] == [0]
    assert shown["gallery"]["description"] == "made by Ansible"
    assert (shown["definition"]["os_type"], shown["definition"]["os_state"]) == (
        "Linux",
        "Generalized",
    )
    assert shown["definition"]["identifier"] == IDENTIFIER
    published = shown["version"]["publishing_profile"]
    regions = [(r["name"], r["regional_replica_count"]) for r in published["target_regions"]]
    assert (regions, published["exclude_from_latest"]) == ([("East US 2", 1), ("West US", 2)], True)
    assert shown["version"]["provisioning_state"] == "Succeeded"


@pytest.mark.parametrize("kind", KINDS)
def test_removed_once(story: Story, kind: str) -> None:
    """`state: absent` removes the resource; the same again changes nothing; no list has it."""
    assert story[kind, "removed"]["changed"] is True
    assert story[kind, "removed again"]["changed"] is False
    assert story[kind, "left"][FOUND[kind]] == []


def test_traffic_keeps_to_the_specification(ansible: Ansible, story: Story, tmp_path: Path) -> None:
    """Of all the answers above none breaks the swagger or a recorded rule."""
    keeps_to_the_specification(ansible.version(), ansible.served.seen, tmp_path)
