"""Image versions (https://learn.microsoft.com/rest/api/compute/gallery-image-versions)."""

from datetime import datetime

from arm.client import ArmClient
from arm.requests import ArmResponse, begin, read_all, read_or_none
from domain.facts import VersionFacts, version_facts
from domain.ids import ComputeId
from domain.values import Json


def read_version_body(
    arm: ArmClient, gallery: ComputeId, definition: str, version: str
) -> Json | None:
    """The version's JSON with its replication status, or None if it is not there."""
    client = arm.compute(gallery.subscription)
    return read_or_none(
        client.gallery_image_versions.get,
        gallery.resource_group,
        gallery.name,
        definition,
        version,
        expand="ReplicationStatus",
    )


def read_versions(arm: ArmClient, gallery: ComputeId, definition: str) -> tuple[VersionFacts, ...]:
    """All versions of a definition."""
    client = arm.compute(gallery.subscription)
    bodies = read_all(
        client.gallery_image_versions.list_by_gallery_image,
        gallery.resource_group,
        gallery.name,
        definition,
    )
    return tuple(version_facts(body) for body in bodies)


def put_version(
    arm: ArmClient,
    gallery: ComputeId,
    definition: str,
    version: str,
    body: Json,
    *,
    not_after: datetime,
    new: bool = False,
) -> ArmResponse:
    """Send the version's PUT and return at once. `new`: not if there is one, where Azure heeds that
    (docs/platform-notes.md#a-put-that-must-not-overwrite). Raises NotSentError after the time that it is given."""
    return begin(
        arm.compute(gallery.subscription).gallery_image_versions.begin_create_or_update,
        gallery.resource_group,
        gallery.name,
        definition,
        version,
        body=body,
        headers={"If-None-Match": "*"} if new else {},
        not_after=not_after,
    )
