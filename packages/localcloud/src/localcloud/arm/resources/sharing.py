"""Sharing of a gallery (`POST …/share`) and its soft-deleted versions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from localcloud.arm.protocol.call import Call, Reply
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.signing import Signer
from localcloud.arm.protocol.timestamps import arm_time
from localcloud.arm.provisioning import operations
from localcloud.arm.provisioning.reads import page
from localcloud.arm.resources.galleries import community_info
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.world import World

# Recorded: no body, against the specification.
_SILENT = frozenset({"2023-07-03"})


def share(world: World, call: Call, signer: Signer) -> Reply:
    """Add or remove groups, reset, or open the gallery to the community."""
    gallery = _gallery(world, call)
    profile: Json = dict(gallery.properties.get("sharingProfile") or {})
    kind = str(call.body.get("operationType") or "")
    if kind not in ("Add", "Remove", "Reset", "EnableCommunity"):
        raise refusal("value", value=kind, parameter="operationType")
    groups = call.body.get("groups") or []
    profile = _CHANGES[kind](world, gallery, profile, groups)
    update: Json = {"operationType": kind} | ({"groups": groups} if groups else {})
    end = call.now + timedelta(seconds=world.seconds("gallery update", gallery.id))
    operation = operations.begin(
        call,
        resource=gallery.id,
        family="capsOperations",
        location=str(gallery.location),
        end=end,
        answer=update,
    )
    inner = gallery.properties | {"sharingProfile": profile}
    world.save(replace(gallery, properties=inner), operation=operation)
    body = None if call.api in _SILENT else update
    return Reply(202, body, operations.headers(world, call, operation, signer))


def _gallery(world: World, call: Call) -> Resource:
    path = call.target.path.rsplit("/", 1)[0]
    gallery = world.find(path)
    if gallery is None:
        raise refusal(
            "resource missing",
            resource=f"Microsoft.Compute/galleries/{path.rsplit('/', 1)[-1]}",
            group=call.target.group,
        )
    return gallery


def _merge(profile: Json, groups: list[Json], *, add: bool) -> Json:
    ids = {g["type"]: list(g.get("ids") or []) for g in profile.get("groups") or []}
    for group in groups:
        has = ids.setdefault(group["type"], [])
        named = list(group.get("ids") or [])
        ids[group["type"]] = (
            has + [i for i in named if i not in has] if add else [i for i in has if i not in named]
        )
    kept = [{"type": kind, "ids": values} for kind, values in ids.items() if values]
    return profile | {"permissions": profile.get("permissions") or "Groups", "groups": kept}


def _add(_world: World, _gallery: Resource, profile: Json, groups: list[Json]) -> Json:
    return _merge(profile, groups, add=True)


def _remove(_world: World, _gallery: Resource, profile: Json, groups: list[Json]) -> Json:
    return _merge(profile, groups, add=False)


def _reset(_world: World, _gallery: Resource, _profile: Json, _groups: list[Json]) -> Json:
    return {"permissions": "Private"}


def _community(world: World, gallery: Resource, profile: Json, _groups: list[Json]) -> Json:
    info = community_info(world, gallery.key, profile.get("communityGalleryInfo") or {})
    shared = info | {"communityGalleryEnabled": True}
    return profile | {"permissions": "Community", "communityGalleryInfo": shared}


_CHANGES = {"Add": _add, "Remove": _remove, "Reset": _reset, "EnableCommunity": _community}


# The parts of a gallery's id, the empty one before its first slash included.
_GALLERY_DEPTH = 9


def soft_deleted(world: World, call: Call) -> Reply:
    """The soft-deleted versions of one definition."""
    definition = call.target.names[2] if len(call.target.names) > 2 else ""
    root = "/".join(call.target.path.split("/")[:_GALLERY_DEPTH])
    if definition == "":
        raise refusal("value", value=call.target.path, parameter="artifactName")
    versions = world.soft_deleted(f"{root}/images/{definition}/versions")
    return page(call, [_line(root, definition, r) for r in versions], world.profile.page_size)


def _line(root: str, definition: str, version: Resource) -> Json:
    artifact = f"{root}/softDeletedArtifactTypes/Images/artifacts/{definition}"
    when = version.soft_deleted
    return {
        "name": version.name,
        "id": f"{artifact}/versions/{version.name}",
        "type": "Microsoft.Compute/galleries/softDeletedArtifactTypes/artifacts/versions",
        "location": version.location,
        "properties": {
            "resourceArmId": version.id,
            "softDeletedTime": arm_time(when) if when else None,
            "softDeletedArtifactType": "Images",
        },
    }
