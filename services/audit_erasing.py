"""Erase from the audit who did something and in whose words, once that is older than the settings keep it.

The oldest first, by the deployment's chain, so many migrations a night. The rows verify as before, since what is
personal is sealed by its hash.
"""

import logging
from datetime import datetime

from domain.audit.chain import DEPLOYMENT, Slot, erased, slots_of
from domain.audit.events import Kind
from records.migrations import MigrationRecords

MOST_A_NIGHT = 200
# A restore may be asked for long after people were erased from what led to the deletion.
_OF_MIGRATIONS = frozenset({Kind.ACCEPTED, Kind.RESTORE_ASKED})

log = logging.getLogger("gallery_migrator")


def erase_people(records: MigrationRecords, before: datetime, most: int = MOST_A_NIGHT) -> int:
    """Erase people from what ended before a moment; how many of the deployment's events were gone through. It goes on
    where it stopped, and stops at the first migration that has not ended so long ago."""
    begun = through = records.erased_up_to()
    page = records.audit_page(DEPLOYMENT, begun + most, most)
    for slot in [slot for slot in page if slot.number > begun]:
        if not _erase(records, slot, before):
            break
        through = slot.number
    if through > begun:
        records.mark_erased(through)
        log.info("people were erased from the audit up to event %s", through)
    return through - begun


def _erase(records: MigrationRecords, slot: Slot, before: datetime) -> bool:
    """Erase one event of the deployment, and the migration that it is about; False if it is too young for that."""
    row = slot.row
    if row is None:
        return True
    if row.at > before:
        return False
    if row.kind in _OF_MIGRATIONS:
        snapshot = records.snapshot(str(row.facts.get("migration")))
        if snapshot and (snapshot.finished is None or snapshot.finished.at > before):
            return False
        for one in slots_of(snapshot.audit) if snapshot else []:
            _blank(records, str(row.facts.get("migration")), one)
    _blank(records, DEPLOYMENT, slot)
    return True


def _blank(records: MigrationRecords, chain: str, slot: Slot) -> None:
    if slot.row and slot.row.personal is not None:
        records.replace_audit_row(chain, erased(slot.row))
