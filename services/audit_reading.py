"""The gate's reading of the audit: chain and anchor of the migration, the end of the deployment's, and the records held
against them."""

from collections.abc import Iterator

import clock
from domain.audit.agreement import begun_in, contradictions, stop_is_missing
from domain.audit.anchors import Anchor, Standing, standing
from domain.audit.chain import DEPLOYMENT, Slot, verify
from domain.audit.epochs import FIRST
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
    end = records.audit_slots(DEPLOYMENT)
    own, slots = read_chain(records, migration)
    epoch = deployment.epoch if deployment else FIRST
    wrong = list(contradictions(snapshot, slots))
    wrong += _on_the_version(records, begun, slots, epoch)
    if stop_is_missing(records.read_stop(), end):
        wrong.append("an emergency stop is missing")
    return AuditReading(
        own=own,
        deployment=_end_of_deployment(records, deployment, end),
        contradictions=tuple(wrong) if own.holds else (),
        epoch=epoch,
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


def _end_of_deployment(
    records: MigrationRecords, anchor: Anchor | None, slots: list[Slot]
) -> Standing:
    """The whole of it is verified by `GET /api/audit/check`: it grows with every migration."""
    return standing(slots, anchor, list(verify(DEPLOYMENT, slots, records.audit_keys, whole=False)))


def _on_the_version(
    records: MigrationRecords, begun: BegunVersion | None, own: list[Slot], epoch: int
) -> Iterator[str]:
    """Yield why the record that a version is ours is not believed; it may be an earlier migration's, whose later events
    may be lost if an Admin has accepted that since."""
    if begun is None or begun_in(begun, own):
        return
    anchor = records.read_anchor(begun.migration)
    other, slots = read_chain(records, begun.migration)
    accepted = other.behind and anchor is not None and anchor.epoch < epoch
    if not other.holds and not accepted:
        yield f"of {begun.migration}, which began the version: {other.found}"
    elif not begun_in(begun, slots):
        yield "nobody of ours began the version as it is recorded"
