"""The gate's reading of the audit: chain and anchor of the migration, the end of the deployment's, and the records held
against them."""

from collections.abc import Iterator

import clock
from domain.audit.agreement import begun_in, contradictions
from domain.audit.anchors import Anchor, Standing, standing
from domain.audit.chain import DEPLOYMENT, Slot, verify
from domain.audit.facts import of_records
from domain.deletion.audited import AuditReading
from domain.deletion.copies import BegunVersion
from domain.migration.recorded import Snapshot
from records.migrations import MigrationRecords

_NO_KEYS = Standing(holds=False, found="AUDIT_KEYS is empty, so no fact is kept")


def read_audit(
    records: MigrationRecords, snapshot: Snapshot, begun: BegunVersion | None
) -> AuditReading:
    """Read and verify it, each anchor before its chain, which may go on meanwhile. `begun`: our record of the version.
    Writes nothing."""
    if not records.audited:
        return AuditReading(own=_NO_KEYS, deployment=_NO_KEYS)
    migration = snapshot.accepted.id
    deployment = records.read_anchor(DEPLOYMENT)
    own, slots = read_chain(records, migration)
    wrong = [*contradictions(snapshot, slots), *_on_the_version(records, migration, begun, slots)]
    return AuditReading(
        own=own,
        deployment=_end_of_deployment(records, deployment),
        contradictions=tuple(wrong) if own.holds else (),
        epoch=deployment.epoch if deployment else 1,
        since=deployment.since if deployment else None,
    )


def read_chain(records: MigrationRecords, chain: str) -> tuple[Standing, list[Slot]]:
    """A migration's chain, and whether it stands."""
    anchor = records.read_anchor(chain)
    slots = records.audit_slots(chain)
    return standing(slots, anchor, list(verify(chain, slots, records.audit_keys))), slots


def write_what_is_missing(records: MigrationRecords, snapshot: Snapshot) -> None:
    """Write down late what stands in the records and nobody wrote when it happened: its writer died in between."""
    if not records.audited:
        return
    known = {slot.row.id for slot in records.audit_slots(snapshot.accepted.id) if slot.row}
    late = [
        event.model_copy(update={"late": True})
        for event in of_records(snapshot, clock.now())
        if event.id not in known
    ]
    records.write_audit(snapshot.accepted.id, *late)


def _end_of_deployment(records: MigrationRecords, anchor: Anchor | None) -> Standing:
    """The whole of it is verified by `GET /api/audit/check`: it grows with every migration."""
    slots = records.audit_slots(DEPLOYMENT)
    return standing(slots, anchor, list(verify(DEPLOYMENT, slots, records.audit_keys, whole=False)))


def _on_the_version(
    records: MigrationRecords, migration: str, begun: BegunVersion | None, slots: list[Slot]
) -> Iterator[str]:
    """Yield why the record that a version is ours is not believed; it may be an earlier migration's."""
    if begun is None:
        return
    if begun.migration != migration:
        other, slots = read_chain(records, begun.migration)
        if not other.holds:
            yield f"of {begun.migration}, which began the version: {other.found}"
            return
    if not begun_in(begun, slots):
        yield "nobody of ours began the version as it is recorded"
