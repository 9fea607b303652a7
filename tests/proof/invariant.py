"""The invariant: all that must hold when an image goes, written from docs/deletion.md, from what the test did, and from
all that Azure has at that moment. No code of the app is used, nor what it has written down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from demo.identities import DELETER
from tests.proof.conditions import Condition
from tests.proof.votes import failing_approval
from tests.proof.world import Asked, Known, image_of
from tests.scenarios.bodies import Json

VETO_TAG = "donotdelete"
_VERSIONS = "microsoft.compute/galleries/images/versions"


def failing(asked: Asked, known: Known, state: Json, now: datetime) -> frozenset[Condition]:
    """Every condition that does not hold for the deletion of a migration's image."""
    resources = state["resources"]
    image = _image(resources, asked.name)
    if image is None:
        return frozenset({Condition.SAME_IMAGE})
    found = {*asked.broken, *known.spoilt, *failing_approval(asked, known, now)}
    if asked.image is None or image_of(image) != asked.image:
        found.add(Condition.SAME_IMAGE)
    found |= {*_held(image, resources), *_users(image, resources)}
    return frozenset(found | {*_version(asked, image, resources)})


def judge(deletion: Json, known: Known) -> str | None:
    """Return why this deletion may not be, or None. Of those that the test itself makes it says nothing."""
    if deletion["client"] != DELETER:
        return None
    now = datetime.fromisoformat(deletion["time"])
    image = deletion["image"]["id"]
    found = {a.id: failing(a, known, deletion["state"], now) for a in known.of_image(image)}
    if any(not conditions for conditions in found.values()):
        return None
    told = {migration: sorted(map(str, conditions)) for migration, conditions in found.items()}
    return f"{image} was about to go at {now.isoformat()}: {told or 'nobody asked for it'}"


def _image(resources: list[Json], name: str) -> Json | None:
    of_name = (r for r in resources if r["type"].lower() == "microsoft.compute/images")
    return next((r for r in of_name if r["name"].lower() == name.lower()), None)


def _held(image: Json, resources: list[Json]) -> Iterator[Condition]:
    """Locks at any level, and the veto of whoever tags."""
    if any(tag.lower() == VETO_TAG for tag in image.get("tags") or {}):
        yield Condition.NO_VETO
    path = image["id"].lower() + "/"
    for lock in resources:
        scope = lock["id"].lower().partition("/providers/microsoft.authorization/locks/")
        if scope[1] and path.startswith(scope[0] + "/"):
            yield Condition.NOT_LOCKED


def _users(image: Json, resources: list[Json]) -> Iterator[Condition]:
    """Everything that could not be made again, or would break, without the image."""
    wanted = f'"{image["id"].lower()}"'
    for user in resources:
        kind, text = user["type"].lower(), json.dumps(user["properties"]).lower()
        if wanted not in text:
            continue
        if kind == "microsoft.compute/virtualmachinescalesets":
            yield Condition.NO_SCALE_SET
        elif kind == "microsoft.virtualmachineimages/imagetemplates":
            yield Condition.NO_TEMPLATE
        elif kind == "microsoft.compute/virtualmachines" and "diffdisksettings" in text:
            yield Condition.NO_EPHEMERAL
        elif kind == _VERSIONS and '"shallow"' in text:
            yield Condition.NO_SHALLOW


def _version(asked: Asked, image: Json, resources: list[Json]) -> Iterator[Condition]:
    """A version from this image, made after it, equal to it, and complete."""
    tail = f"/images/{asked.name}/versions/1.0.0".lower()
    version = next((r for r in resources if r["id"].lower().endswith(tail)), None)
    if version is None or not _copied(image, version["properties"]):
        yield Condition.VERSION_THERE
        return
    inner = version["properties"]
    regions = inner["replicationStatus"]["summary"]
    complete = {region["state"] for region in regions} == {"Completed"}
    if inner["provisioningState"] != "Succeeded" or not complete:
        yield Condition.VERSION_COMPLETE


def _copied(image: Json, version: Json) -> bool:
    storage = version["storageProfile"]
    from_it = storage["source"]["id"].lower() == image["id"].lower()
    published = datetime.fromisoformat(version["publishingProfile"]["publishedDate"])
    later = published >= datetime.fromisoformat(image["createdTime"])
    has = [("os", storage["osDiskImage"]["sizeInGB"])]
    has += [(disk["lun"], disk["sizeInGB"]) for disk in storage.get("dataDiskImages") or []]
    full = version["publishingProfile"].get("replicationMode", "Full") == "Full"
    return from_it and later and full and tuple(has) == image_of(image).disks
