"""The list of migrations, newest first, by rows that are sorted by outcome when they are written.

1. Until a migration has its outcome, its row lies in `recent.open`; from then on in `recent` and in
   `recent.<outcome>`. The row's name begins with the inverted time of acceptance, and never changes.
2. A page without a filter is merged from `recent.open` and `recent`; any other reads one partition.
3. To end is three writes: both new rows, then the old one goes. Whoever dies in between leaves the migration in the
   list twice, never not at all. The merge takes it once, and the sweep settles every end again until it was told.
4. A filter that one partition does not answer (a stage before the end) looks at `MOST_READS` pages and then gives what
   it has found: the cursor goes on behind the last row it looked at.
"""

from datetime import datetime

from domain.migration.latch import Latch
from domain.migration.recorded import AcceptedRequest, ListEntry
from domain.migration.stages import Outcome, Stage
from records.rows import Rows
from records.store import Record

_ENDED, _OPEN = "recent", "recent.open"
_END_OF_TIME_MS = 10**14

MOST_READS = 5
ROWS_READ = 200


class ListRecords(Rows):
    """Reads and writes of the list. Every method may raise RecordsUnavailableError."""

    def list_migration(
        self, accepted: AcceptedRequest, stage: Stage, at: datetime, latch: Latch | None = None
    ) -> None:
        """Write its row of the list; one that has ended is not opened again by a step that comes late."""
        finished = latch.finished if latch else None
        entry = ListEntry(
            id=accepted.id,
            source_image_id=accepted.source_image_id,
            accepted_at=accepted.accepted_at,
            updated_at=finished.at if finished else at,
            stage=Stage.FINISHED if finished else stage,
            outcome=finished.outcome if finished else None,
            reason=finished.reason if finished else "",
        )
        if entry.outcome:
            self._list_ended(_row(accepted), entry, entry.outcome)
        else:
            self._list_open(_row(accepted), entry)

    def _list_ended(self, row: str, entry: ListEntry, outcome: Outcome) -> None:
        self._store.put(_ENDED, row, entry.model_dump(mode="json"))
        self._store.put(_with_outcome(outcome), row, entry.model_dump(mode="json"))
        self._store.delete(_OPEN, row)

    def _list_open(self, row: str, entry: ListEntry) -> None:
        """List it as open, unless it has ended: whoever ends it writes `recent` before deleting here, so one of the two
        sees the other."""
        self._store.put(_OPEN, row, entry.model_dump(mode="json"))
        if self._store.read(_ENDED, row):
            self._store.delete(_OPEN, row)

    def recent(
        self, *, stage: Stage | None, outcome: Outcome | None, limit: int, after: str
    ) -> tuple[list[ListEntry], str]:
        """A page of the list, newest first, and where the next one begins ("" at the end).

        A page has fewer than `limit` entries at the end, and where few of the rows that it looked at match.
        """
        partitions = _partitions(stage, outcome)
        size = ROWS_READ if partitions == (_OPEN,) else limit + 1
        entries: list[ListEntry] = []
        for _ in range(MOST_READS):
            rows = self._merged(partitions, after, size)
            for record in rows:
                if len(entries) == limit:
                    return entries, after
                after = record.row
                entry = ListEntry.model_validate(record.value)
                if stage in {None, entry.stage}:
                    entries.append(entry)
            if len(rows) < size:
                return entries, ""
        return entries, after

    def _merged(self, partitions: tuple[str, ...], after: str, size: int) -> list[Record]:
        """The next rows of these partitions together; of two rows of one name that of the later partition."""
        rows: dict[str, Record] = {}
        for partition in partitions:
            rows |= {r.row: r for r in self._store.list(partition, after=after, limit=size)}
        return [rows[row] for row in sorted(rows)[:size]]


def _partitions(stage: Stage | None, outcome: Outcome | None) -> tuple[str, ...]:
    """Return the partitions that hold what a filter lets through, in the order to read them."""
    if outcome:
        return (_with_outcome(outcome),) if stage in {None, Stage.FINISHED} else ()
    if stage:
        return (_ENDED,) if stage is Stage.FINISHED else (_OPEN,)
    # Read in the order in which a migration moves: the other way round one that ends meanwhile would be in neither.
    return _OPEN, _ENDED


def _with_outcome(outcome: Outcome) -> str:
    return f"recent.{outcome.value}"


def _row(accepted: AcceptedRequest) -> str:
    since_epoch = accepted.accepted_at.timestamp() * 1000
    return f"{_END_OF_TIME_MS - int(since_epoch):014d}-{accepted.id}"
