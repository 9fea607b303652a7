"""The lines that people read of a migration, written from what stands in its record; safe to write again."""

from datetime import datetime

from domain.migration.endings import after_end, settled, with_restarts
from domain.migration.recorded import Snapshot, State
from domain.migration.stages import Stage
from records.migrations import MigrationRecords


def tell_restarts(records: MigrationRecords, snapshot: Snapshot) -> State:
    """Write the lines of the restarts that the latch has; the state then."""
    if not snapshot.latch.restarts:
        return snapshot.state
    return records.change_state(
        snapshot.accepted.id, lambda state: with_restarts(state, snapshot.latch)
    )


def settle_end(records: MigrationRecords, snapshot: Snapshot) -> None:
    """Write what follows from an outcome: its line in the timeline, which image is known now, its row of the list."""
    records.change_state(snapshot.accepted.id, lambda state: settled(state, snapshot.latch))
    records.remember_image(snapshot.accepted.image_key, snapshot.sighting)
    at = snapshot.accepted.accepted_at
    records.list_migration(snapshot.accepted, Stage.FINISHED, at, snapshot.latch)


def tell_after(
    records: MigrationRecords, migration: str, step: str, at: datetime, text: str
) -> None:
    """Write a line about something that came behind the end, once."""
    records.change_state(migration, lambda state: after_end(state, step, at, text))


def add_warning(records: MigrationRecords, migration: str, text: str) -> None:
    """Something to know that changes no outcome; once."""

    def warned(state: State) -> State:
        if text in state.warnings:
            return state
        return state.model_copy(update={"warnings": (*state.warnings, text)})

    records.change_state(migration, warned)
