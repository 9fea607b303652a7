"""The sweep's notices: the end that nobody was told, and whatever nobody took yet.

A receiver that fails is asked once in a sweep: however many notices wait for it, it holds the sweep up for ten seconds.
"""

import asyncio
import logging
from datetime import datetime

from domain.messages import NoticeState
from domain.migration.recorded import Snapshot
from domain.results import ActivityError
from services.dependencies import Dependencies
from services.notifications import END, give_up, post_notice
from services.threads import in_records
from services.timeline import add_warning

# Of the notice of an end, those of the orchestration included.
MOST_TRIES = 6

log = logging.getLogger("gallery_migrator")


class Teller:
    """Posts notices for one sweep."""

    def __init__(self, app: Dependencies) -> None:
        self._app, self._failed = app, False

    async def tell(self, snapshot: Snapshot, kind: str, now: datetime) -> None:
        """Post a notice, unless the receiver has failed in this sweep."""
        if self._failed:
            return
        answer = await asyncio.to_thread(post_notice, self._app, snapshot, kind, now)
        if isinstance(answer, NoticeState):
            return
        self._failed = answer.transient
        log.warning("%s: '%s' could not be notified: %s", snapshot.accepted.id, kind, answer)
        await in_records(self._settle, snapshot.accepted.id, kind, answer)

    async def repeat(self, snapshot: Snapshot, now: datetime) -> None:
        """Post again what nobody took yet of a migration that goes on."""
        for kind, notice in snapshot.notices.items():
            if kind != END and not notice.settled:
                await self.tell(snapshot, kind, now)

    def _settle(self, migration: str, kind: str, answer: ActivityError) -> None:
        """Give up what is refused for good, and an end after some tries; the others wait for as long as they matter."""
        again = self._app.records.snapshot(migration)
        notice = again.notices.get(kind) if again else None
        tries = notice.tries if notice else 0
        if not answer.transient or (kind == END and tries >= MOST_TRIES):
            give_up(self._app.records, migration, kind, str(answer))
        elif tries == MOST_TRIES:
            text = f"The notification '{kind}' was not taken {tries} times: {answer}"
            add_warning(self._app.records, migration, text)
