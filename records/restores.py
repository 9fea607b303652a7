"""Restores of deleted images: `<migration id>` / `restore.<attempt>`, one row each; `open` / `<restore id>` until it
has ended; and `image.<image key>` / `restore.<restore id>`, by which an image that we made again is known.

The two pointers are written before the row, so that the sweep finds every one, and an event about its image; the row
is an insert, so that one of several callers begins an attempt.
"""

from collections.abc import Callable

from domain.audit.chain import DEPLOYMENT
from domain.audit.events import Event
from domain.audit.undo import restore_asked, restore_ended
from domain.ids import parse_restore_id, restore_id
from domain.migration.latch import Halt
from domain.restore.planning import Recipe
from domain.restore.recorded import Restore
from domain.values import Json
from records.audit import AuditRecords
from records.store import RecordExistsError

_OPEN = "open"
_row = "restore.{:06d}".format
_about = "image.{}".format


class RestoreRecords(AuditRecords):
    """Reads and writes of restores. Every method may raise RecordsUnavailableError."""

    def accept_restore(self, image_key: str, restore: Restore) -> bool:
        """Begin this attempt; False if somebody else has begun it."""
        instance = restore_id(restore.migration, restore.attempt)
        self._store.put(_OPEN, instance, {"at": restore.accepted_at.isoformat()})
        self._store.put(_about(image_key), f"restore.{instance}", {})
        row = _row(restore.attempt)
        try:
            self._store.insert(restore.migration, row, restore.model_dump(mode="json"))
        except RecordExistsError:
            return False
        self._audit_asking(restore.migration, restore_asked(restore))
        return True

    def audit_end(self, restore: Restore) -> None:
        """Write the end of a restore to the audit, and late that it was asked for, where nobody wrote that then."""
        self._audit_asking(
            restore.migration, restore_asked(restore).model_copy(update={"late": True})
        )
        self.write_audit(restore.migration, restore_ended(restore))

    def _audit_asking(self, migration: str, asked: Event) -> None:
        self.write_audit(DEPLOYMENT, asked)
        self.write_audit(migration, asked)

    def read_restore(self, migration: str, attempt: int) -> Restore | None:
        """One attempt, or None if there is no such."""
        record = self._store.read(migration, _row(attempt))
        return Restore.model_validate(record.value) if record else None

    def restores_of(self, image_key: str) -> list[Restore]:
        """Every attempt to restore an image of this name."""
        rows = self._store.list(_about(image_key), prefix="restore.")
        named = [parse_restore_id(record.row.removeprefix("restore.")) for record in rows]
        restores = [self.read_restore(*name) for name in named if name]
        return [restore for restore in restores if restore]

    def change_restore(
        self, migration: str, attempt: int, change: Callable[[Restore], Restore | Halt]
    ) -> Restore | Halt:
        """Change a restore by a function of `domain.restore.recorded`: what holds then, or why it may not be."""
        held: Restore | Halt = Halt.ENDED

        def changed(value: Json) -> Json | None:
            nonlocal held
            if not value:
                return None
            held = change(Restore.model_validate(value))
            return None if isinstance(held, Halt) else held.model_dump(mode="json")

        self.change(migration, _row(attempt), changed)
        return held

    def close_restore_pointer(self, migration: str, attempt: int) -> None:
        """It has ended: the sweep has nothing to do for it any more."""
        self._store.delete(_OPEN, restore_id(migration, attempt))

    def recipe_of(self, migration: str) -> Recipe | None:
        """The image as it was kept before its DELETE; None if none was ever about to be sent."""
        record = self._store.read(migration, "recipe")
        return Recipe.model_validate(record.value) if record else None
