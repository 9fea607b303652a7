"""The two kinds of rows in the records: rows that are written once, and rows that are changed conditionally."""

from collections.abc import Callable
from typing import TypeVar

from domain.values import Json, Message
from records.store import RecordChangedError, RecordExistsError, RecordStore

_TRIES = 20

M = TypeVar("M", bound=Message)
E = TypeVar("E")


class Rows:
    """Reads and writes on one store. Every method may raise RecordsUnavailableError."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store

    def insert_or_read(self, partition: str, row: str, value: Json) -> Json:
        """Write a row unless it is there; what is there."""
        try:
            return self._store.insert(partition, row, value).value
        except RecordExistsError:
            record = self._store.read(partition, row)
            if record is None:
                raise
            return record.value

    def change_message(
        self, partition: str, row: str, of: type[M], change: Callable[[M], M | E]
    ) -> M | E:
        """Change a row that holds a message by a pure function of it, which may answer why it does not: an answer that
        is no message leaves the row. What holds then, or that answer. Raises as `change` does."""
        held: M | E = of()

        def changed(value: Json) -> Json | None:
            nonlocal held
            held = change(of.model_validate(value))
            return held.model_dump(mode="json") if isinstance(held, of) else None

        self.change(partition, row, changed)
        return held

    def change(self, partition: str, row: str, change: Callable[[Json], Json | None]) -> None:
        """Change a row by a pure function of what is there ({} when nothing is), which is asked again when somebody
        wrote in between; None leaves it. Raises RecordChangedError when it never came to that."""
        for _ in range(_TRIES):
            record = self._store.read(partition, row)
            value = change(record.value if record else {})
            if value is None or (record and value == record.value):
                return
            try:
                if record is None:
                    self._store.insert(partition, row, value)
                else:
                    self._store.replace(partition, row, value, record.etag)
            except (RecordChangedError, RecordExistsError):
                continue
            return
        raise RecordChangedError(f"{partition}/{row} changed {_TRIES} times while it was written")
