"""A deletion is taken back: the image is there again as it was, made of the version, and nothing is left behind."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios import bodies
from tests.scenarios.answers import Answer
from tests.scenarios.bodies import Json
from tests.scenarios.client import COMPUTE_API, GALLERY_API, Client

ADMIN = "Migration.Admin"
SOURCES = ("managedDisk", "snapshot", "blobUri")
DATA = (0, 3)


def deleted(cloud: Client, name: str, **fields: Any) -> tuple[str, Json]:
    """A migration that has deleted its image, and the image as it was."""
    disks = [
        bodies.disk(cloud.subscription, f"{name}_{lun}", 50 + lun, lun=lun, caching="None")
        for lun in DATA
    ]
    image = cloud.add_image(name, data=tuple(disks), tags={"team": "web", "cost": "7"}, **fields)
    was = cloud.arm("GET", image, api=COMPUTE_API)
    migration = cloud.start(cloud.request(name))
    cloud.advance_to_stage("approval", migration)
    assert cloud.decide(migration).status == 200
    (status,) = cloud.finish(migration)
    assert status["result"]["image"] == "deleted", status["reason"]
    return migration, was


def restore(cloud: Client, migration: str, body: Json | None = None) -> Answer:
    """Ask for the restore as an administrator."""
    path = f"/api/migrations/{migration}/restore"
    return cloud.call("POST", path, body, headers=cloud.token("grace", ADMIN))


def to_the_end(cloud: Client, migration: str) -> Json:
    """Move the clock until the restore has ended; the restore."""
    told: Json = {}

    def ended() -> bool:
        told.update(cloud.status(migration)["restore"])
        return bool(told["state"] != "running")

    cloud.advance_until(ended, "PT2M")
    return told


def without_sources(image: Json) -> Json:
    """An image without what it was made from."""
    storage = image["properties"]["storageProfile"]
    system = {k: v for k, v in storage["osDisk"].items() if k not in SOURCES}
    data = [{k: v for k, v in d.items() if k not in SOURCES} for d in storage["dataDisks"]]
    profile = storage | {"osDisk": system, "dataDisks": data}
    return image | {"properties": image["properties"] | {"storageProfile": profile}}


def disks_of(cloud: Client) -> list[str]:
    """Every managed disk that Azure has."""
    resources = cloud.control("GET", "/state")["resources"]
    return [r["id"] for r in resources if r["type"].lower() == "microsoft.compute/disks"]


def test_a_deleted_image_is_restored(cloud: Client) -> None:
    """Everything but its sources is as it was: tags, generation, disks with LUN, size, caching and type."""
    migration, was = deleted(cloud, "restored")
    assert not cloud.image_there("restored")
    answer = restore(cloud, migration)
    assert answer.status == 202, answer
    assert answer.body["restore"]["state"] == "running"
    told = to_the_end(cloud, migration)
    assert (told["state"], told["differences"], told["disksLeft"]) == ("restored", [], [])
    now = cloud.arm("GET", bodies.image_id(cloud.subscription, "restored"), api=COMPUTE_API)
    assert without_sources(now) == without_sources(was)
    assert disks_of(cloud) == []
    assert restore(cloud, migration).status == 200
