"""A migration that has its outcome, written as its last steps write it."""

from __future__ import annotations

from domain.migration.latch import Latch, MigrationResult, finish
from domain.migration.recorded import AcceptedRequest
from domain.migration.stages import Stage
from records.migrations import MigrationRecords


def end(
    records: MigrationRecords, accepted: AcceptedRequest, finished: MigrationResult
) -> MigrationResult:
    """Write an outcome, its image, its row of the list, and that people know of it; the outcome that holds."""
    held = records.change_latch(accepted.id, lambda latch: finish(latch, latch.run, finished))
    assert isinstance(held, Latch)
    assert held.finished is not None
    snapshot = records.snapshot(accepted.id)
    assert snapshot is not None
    records.remember_image(accepted.image_key, snapshot.sighting)
    records.list_migration(accepted, Stage.FINISHED, finished.at, held)
    records.close_pointer(accepted.id)
    return held.finished
