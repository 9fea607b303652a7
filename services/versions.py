"""The versions that may hang on an image: those of its definition, and every Shallow one that we ever began from it."""

from arm.client import ArmClient
from arm.versions import read_version_body, read_versions
from domain.deletion.copies import BegunVersion
from domain.facts import VersionFacts, version_facts
from domain.ids import fold, parse_version_id
from domain.migration.recorded import Snapshot
from domain.migration.requests import ReplicationMode
from services.dependencies import Dependencies


def versions_of_image(app: Dependencies, snapshot: Snapshot) -> tuple[VersionFacts, ...]:
    """All versions of the plan's definition, and our own Shallow ones elsewhere. Raises ArmError."""
    plan = snapshot.planned
    there = read_versions(app.arm, plan.gallery, plan.definition_name)
    begun = app.records.begun_versions(snapshot.accepted.image_key)
    return (*there, *shallow_versions(app.arm, begun, there))


def shallow_versions(
    arm: ArmClient, begun: list[BegunVersion], known: tuple[VersionFacts, ...] = ()
) -> tuple[VersionFacts, ...]:
    """Of the versions that we began as Shallow, those that are still there and not `known`. Raises ArmError."""
    have = {fold(version.id) for version in known}
    shallow = []
    for row in begun:
        if row.mode is not ReplicationMode.SHALLOW or fold(row.version_id) in have:
            continue
        gallery, definition, name = parse_version_id(row.version_id)
        body = read_version_body(arm, gallery, definition, name)
        if body is not None:
            shallow.append(version_facts(body))
    return tuple(shallow)
