"""The events that wait until they may start a migration, and the last starts by events.

- `events` / `starts`: the moments of the starts within an hour.
- `events.waiting` / `<image key>`: an event that waits. A newer one about the same image joins it.
"""

from datetime import datetime

from domain.ids import image_key
from domain.migration.event_starts import EventStarts, WaitingEvent
from domain.values import Json
from records.rows import Rows
from records.store import RecordChangedError

_EVENTS, _WAITING = "events", "events.waiting"


class EventRecords(Rows):
    """Reads and writes of events. Every method may raise RecordsUnavailableError."""

    def take_start(self, most: int, now: datetime) -> bool:
        """Take one of the starts of this hour; False when none is left, or too many want one at the same moment."""
        taken = False

        def changed(value: Json) -> Json | None:
            nonlocal taken
            more = EventStarts.model_validate(value).with_one_more(most, now)
            taken = more is not None
            return more.model_dump(mode="json") if more else None

        try:
            self.change(_EVENTS, "starts", changed)
        except RecordChangedError:
            return False
        return taken

    def put_down(self, event: WaitingEvent) -> None:
        """Let an event wait; one about the same image that waits already is joined."""

        def joined(value: Json) -> Json:
            there = WaitingEvent.model_validate(value) if value else None
            return (there.joined_by(event) if there else event).model_dump(mode="json")

        self.change(_WAITING, image_key(event.image_id), joined)

    def waiting_events(self) -> list[tuple[WaitingEvent, str]]:
        """The events that wait, the longest first, each with its etag."""
        rows = [(WaitingEvent.model_validate(r.value), r.etag) for r in self._store.list(_WAITING)]
        return sorted(rows, key=lambda row: (row[0].since, row[0].image_id))

    def drop_event(self, event: WaitingEvent, etag: str) -> None:
        """Forget an event that was done with, unless another has joined it."""
        try:
            self._store.delete(_WAITING, image_key(event.image_id), etag)
        except RecordChangedError:
            return
