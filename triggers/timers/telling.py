"""The sweep's notices: the end that nobody was told, whatever a receiver has not taken yet, reminders of approvals.

A receiver that does not answer is asked once in a sweep: however many notices wait for it, it holds the sweep up for
ten seconds, and the others not at all. One that answers with an error is asked three times, since it may be the one
notice that it cannot take.
"""

import asyncio
from collections import Counter
from datetime import datetime, timedelta

from domain.migration.recorded import Snapshot
from domain.notices.notice import END, REMINDER, asking_kind, type_of
from domain.notices.reminders import due_reminder, is_new
from services.dependencies import Dependencies
from services.notifications import post_notice
from services.threads import in_records

# For an activity that is still at it.
ASKING_GRACE = timedelta(minutes=2)


MOST_REFUSALS = 3


class Teller:
    """Posts notices for one sweep."""

    def __init__(self, app: Dependencies) -> None:
        self._app, self._refusals = app, Counter[str]()

    async def tell(self, snapshot: Snapshot, kind: str, now: datetime) -> None:
        """Post a notice, but to receivers that have failed in this sweep."""
        failed = [name for name, refusals in self._refusals.items() if refusals >= MOST_REFUSALS]
        answers = await asyncio.to_thread(post_notice, self._app, snapshot, kind, now, failed)
        for name, error in answers.items():
            if error and error.transient:
                self._refusals[name] += 1 if error.status else MOST_REFUSALS

    async def has_told(self, snapshot: Snapshot, kind: str, now: datetime) -> bool:
        """Post a notice of a migration that has ended; True once nobody waits for it any more."""
        await self.tell(snapshot, kind, now)
        again = await in_records(self._app.records.snapshot, snapshot.accepted.id)
        notices = again.notices.values() if again else ()
        return all(notice.settled for notice in notices if notice.kind == kind)

    async def repeat(self, snapshot: Snapshot, now: datetime) -> None:
        """Post again what a receiver has not taken yet of a migration that goes on, and what is due."""
        waits = snapshot.state.approval and snapshot.latch.verdict is None
        kinds = {
            notice.kind or key: None
            for key, notice in snapshot.notices.items()
            if not notice.settled
        }
        for kind in kinds:
            # Of one that came too late nobody is reminded.
            if kind != END and (waits or type_of(kind) != REMINDER):
                await self.tell(snapshot, kind, now)
        if waits and (due := self._due(snapshot, now)):
            await self.tell(snapshot, due, now)

    def _due(self, snapshot: Snapshot, now: datetime) -> str | None:
        """The kind of the notice that is due and was never made: the question itself, or a reminder of it."""
        approval, asked_at = snapshot.state.approval, snapshot.asked_at
        asking, stated = asking_kind(snapshot.latch.asked), snapshot.statement
        if approval is None or asked_at is None or stated is None:
            return None
        if is_new(asking, snapshot.notices):
            return asking if now - stated.asked_at > ASKING_GRACE else None
        before = self._app.settings.approval_reminders
        kind = due_reminder(asked_at, approval.deadline, before, now)
        return kind if kind and is_new(kind, snapshot.notices) else None
