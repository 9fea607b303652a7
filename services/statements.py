"""Statements: made of what is there now, read from the records, and the proof that somebody opened one."""

import clock
from domain.approval.statement import (
    Opening,
    Statement,
    stated_image,
    stated_references,
    stated_version,
)
from domain.boot_test.proof import outcomes_of
from domain.callers.actors import Caller, Proof
from domain.facts import ImageFacts, VersionFacts
from domain.migration.recorded import Snapshot
from domain.references.scan import Scan
from services.dependencies import Dependencies
from services.seals import opening_sealed, proven_requester, with_opening_seal


def statement_now(
    app: Dependencies, snapshot: Snapshot, image: ImageFacts, version: VersionFacts, scan: Scan
) -> Statement:
    """The statement of what was just read, for the round that is asked now. Raises LookupError before the approval was
    asked for."""
    approval, accepted = snapshot.state.approval, snapshot.accepted
    if approval is None:
        raise LookupError(f"{accepted.id} was never asked about")
    return Statement(
        deployment=app.settings.deployment_name,
        migration_id=accepted.id,
        round=snapshot.latch.asked,
        image=stated_image(image),
        version=stated_version(version, outcomes_of(app.records.boot_results(version.id), version)),
        requester=proven_requester(accepted, app.settings.sealing_keys),
        change_number=str(accepted.request.get("changeNumber") or ""),
        deadline=approval.deadline,
        references=stated_references(scan),
    )


def approved_statement(snapshot: Snapshot) -> Statement | None:
    """The statement that is asked about now, as the records have it; None if they have none that can be read."""
    return snapshot.statement.statement if snapshot.statement else None


def note_opening(app: Dependencies, snapshot: Snapshot, caller: Caller) -> Opening | None:
    """Keep that somebody who may approve for this image has read the statement, signed in; None for everybody else."""
    policy = app.settings.approval_policy(snapshot.accepted.source_image_id)
    if snapshot.statement is None or caller.proof is not Proof.TOKEN or not policy.lists(caller):
        return None
    opening = Opening(
        migration_id=snapshot.accepted.id,
        statement_hash=snapshot.statement.hash,
        by=caller.actor,
        at=clock.now(),
    )
    return app.records.keep_opening(with_opening_seal(opening, app.settings.sealing_keys))


def proven_openings(app: Dependencies, snapshot: Snapshot) -> tuple[Opening, ...]:
    """The openings of the statement that is asked about now, as far as they can be proven."""
    current = snapshot.statement.hash if snapshot.statement else ""
    return tuple(
        opening
        for opening in snapshot.openings
        if opening.statement_hash == current
        and opening.migration_id == snapshot.accepted.id
        and opening_sealed(opening, app.settings.sealing_keys)
    )
