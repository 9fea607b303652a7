"""The target regions of a version: planned when it is made, kept, added and dropped by an update."""

from __future__ import annotations

from dataclasses import replace

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.regions import short
from localcloud.arm.provisioning import publishing, replication
from localcloud.arm.provisioning.kinds import Draft
from localcloud.arm.state.model import Json, Region, Resource
from localcloud.arm.state.world import World

# The first version that has allowDeletionOfReplicatedLocations.
DELETION_SINCE = "2022-03-03"


def planned(
    world: World, call: Call, draft: Draft, names: list[str], kept: tuple[Region, ...] = ()
) -> Draft:
    """Return the draft with the course of replication in each region, the end and the failure."""
    random = world.random(call.target.path)
    plan = replication.plan(names, call.now, draft.seconds, world.profile, random)
    return replace(draft, failure=plan.failure, regions=kept + plan.regions, end=plan.end)


def updated(world: World, call: Call, draft: Draft, existing: Resource) -> Draft:
    """The draft of an update: regions that have got the version keep it, others begin now."""
    names = publishing.region_names(draft.properties["publishingProfile"])
    kept = tuple(r for r in existing.regions if r.name in names and r.failure is None)
    new = [name for name in names if name not in {r.name for r in kept}]
    kind = "version update adding regions" if new else "version update"
    draft = replace(draft, seconds=world.seconds(kind, call.target.path), regions=kept)
    return planned(world, call, draft, new, kept) if new else draft


def check_dropped(call: Call, existing: Resource, inner: Json) -> None:
    """Raises BadRequest when a region with the version is left out and allowDeletionOfReplicatedLocations is off."""
    left = publishing.region_names(inner["publishingProfile"])
    targets = existing.properties["publishingProfile"]["targetRegions"]
    gone = [region["name"] for region in targets if short(region["name"]) not in left]
    failed = {r.name for r in existing.regions if r.failure}
    safety = inner.get("safetyProfile") or {}
    lawful = safety.get("allowDeletionOfReplicatedLocations", True) or call.api < DELETION_SINCE
    if not lawful and any(short(name) not in failed for name in gone):
        artifact = publishing.artifact(call)
        raise refusal("dropped region", name=existing.name, type=artifact, regions=",".join(gone))
