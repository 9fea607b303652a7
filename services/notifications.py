"""Tell people over the receivers in the settings.

1. A notice is made once for each receiver and kept: repeats, by whichever run, carry the same `webhook-id` and body.
2. It is posted to all that have not taken it, at once. What one of them answers changes nothing for the others.
3. What a receiver refuses for good, or has not taken for long, is given up, which becomes a warning.
"""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime

from domain.migration.recorded import Snapshot
from domain.notices.facts import NoticeFacts, facts_of
from domain.notices.notice import END, REMINDER, Notice, key_of, type_of
from domain.results import ActivityError
from records.migrations import MigrationRecords
from services.dependencies import Dependencies
from services.receivers import Receiver, receivers_of, tell_all
from services.seals import with_delivery_seal
from services.timeline import add_warning

# After so many a warning says that a notice is not taken.
TRIES_WARNED = 6
NOT_ASKED = ActivityError(
    code="NotificationFailed", message="its receiver has failed already", transient=True
)
Answer = ActivityError | None

log = logging.getLogger("gallery_migrator")


def post_notice(
    app: Dependencies,
    snapshot: Snapshot,
    kind: str,
    at: datetime,
    without: Collection[str] = (),
) -> dict[str, Answer]:
    """Make the notice where it is not made yet, post it to all who have not settled it, but those `without`, and
    remember who took it; their answers by their names, None for one who has it. It takes ten seconds at most."""
    migration = snapshot.accepted.id
    if kind == END:
        _forget_earlier(app.records, snapshot)
    notices = _made(app, snapshot, kind, at)
    waiting = [(receiver, notice) for receiver, notice in notices if not notice.settled]
    asked = [(receiver, notice) for receiver, notice in waiting if receiver.name not in without]
    posts = [(receiver, f"{migration}-{kind}", notice.body) for receiver, notice in asked]
    names = [receiver.name for receiver, _ in asked]
    answers = dict(zip(names, tell_all(posts), strict=True))
    settled = [
        _settles(
            app, migration, key_of(who.name, kind), notice, answers.get(who.name, NOT_ASKED), at
        )
        for who, notice in waiting
    ]
    if kind == END and all(settled):
        # The sweep has nothing to do for it any more.
        app.records.close_pointer(migration)
    return {**{receiver.name: None for receiver, notice in notices if notice.taken}, **answers}


def _made(
    app: Dependencies, snapshot: Snapshot, kind: str, at: datetime
) -> list[tuple[Receiver, Notice]]:
    facts: NoticeFacts | None = None
    made = []
    for receiver in receivers_of(app.settings):
        key = key_of(receiver.name, kind)
        notice = snapshot.notices.get(key)
        if notice is None:
            facts = facts or facts_of(snapshot, kind, at, app.settings.public_url)
            first = Notice(kind=kind, body=receiver.body_of(facts), made_at=at)
            notice = app.records.make_notice(snapshot.accepted.id, key, first)
        made.append((receiver, notice))
    return made


def _settles(
    app: Dependencies, migration: str, key: str, notice: Notice, answer: Answer, at: datetime
) -> bool:
    """Write down what a receiver answered, if it was asked; whether the notice is settled. One that is late is given
    up whoever was asked: a receiver that fails is asked about one notice in a sweep."""
    records = app.records
    if answer is not NOT_ASKED:
        keys = app.settings.sealing_keys
        records.change_notice(migration, key, lambda row: _tried(row, answer, migration, keys, at))
    if answer is None:
        return True
    if answer is not NOT_ASKED:
        log.warning("%s: '%s' was not taken: %s", migration, key, answer)
    late = notice.made_at is not None and at - notice.made_at >= app.settings.notice_timeout
    if late or not answer.transient:
        give_up(records, migration, key, str(answer))
        return True
    if answer is not NOT_ASKED and notice.tries + 1 == TRIES_WARNED:
        text = f"The notification '{key}' was not taken {TRIES_WARNED} times: {answer}"
        add_warning(records, migration, text)
    return False


def _tried(
    notice: Notice, answer: Answer, migration: str, keys: Sequence[str], at: datetime
) -> Notice:
    return with_delivery_seal(migration, notice.tried(None if answer else at), keys)


def give_up(records: MigrationRecords, migration: str, key: str, reason: str) -> None:
    """Nobody will be told; a warning says so."""
    add_warning(records, migration, f"The notification '{key}' could not be sent: {reason}")
    records.change_notice(migration, key, Notice.dropped)


def _forget_earlier(records: MigrationRecords, snapshot: Snapshot) -> None:
    """Drop the notices of a migration that went on: a warning for each but reminders, of which nobody has to know."""
    migration = snapshot.accepted.id
    for key, notice in snapshot.notices.items():
        kind = notice.kind or key
        if notice.settled or kind == END:
            continue
        if type_of(kind) == REMINDER:
            records.change_notice(migration, key, Notice.dropped)
        else:
            give_up(records, migration, key, "nobody took it before the migration ended")
