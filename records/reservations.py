"""The DELETEs of the last day, of all migrations: `deletion` / `reserved`, one row, so that of many at once only as
many are reserved as the limits allow."""

from datetime import datetime

from domain.deletion.quota import Reservations
from domain.values import Json
from records.rows import Rows

_PARTITION, _ROW = "deletion", "reserved"


class ReservationRecords(Rows):
    """Reads and writes of reservations. Every method may raise RecordsUnavailableError."""

    def read_reservations(self) -> Reservations:
        """The DELETEs that were reserved."""
        record = self._store.read(_PARTITION, _ROW)
        return Reservations.model_validate(record.value if record else {})

    def reserve_deletion(self, migration: str, most: int, now: datetime) -> bool:
        """Reserve this migration's DELETE, by one conditional write; False when `most` are reserved already."""
        reserved = False

        def changed(value: Json) -> Json | None:
            nonlocal reserved
            held = Reservations.model_validate(value).with_one(migration, most, now)
            reserved = held is not None
            return held.model_dump(mode="json") if held else None

        self.change(_PARTITION, _ROW, changed)
        return reserved
