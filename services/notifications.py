"""Tell people over the webhook in the settings, signed as the Standard Webhooks specification says.

The address is configuration, never input. Redirects are not followed. What is posted is made once and kept: repeats, by
whichever run, carry the same `webhook-id` and the same body.
"""

import json
from datetime import UTC, datetime

from domain.messages import NoticeState
from domain.migration.recorded import Notice, Snapshot
from domain.results import ActivityError
from domain.values import Json
from records.migrations import MigrationRecords
from services.dependencies import Dependencies
from services.posting import NoAnswerError, post
from services.statements import changes_since
from services.timeline import add_warning

END = "migration.finished"
ASKING, ASKING_AGAIN = "approval.requested", "approval.requestedAgain"
STALLED = "migration.stalled"


def post_notice(
    app: Dependencies, snapshot: Snapshot, kind: str, at: datetime
) -> NoticeState | ActivityError:
    """Make the notice if it is not there, post it, and remember that it was taken; the answer. It takes ten seconds at
    most (`services/posting.py`)."""
    migration, chosen = snapshot.accepted.id, app.settings
    notice = snapshot.notices.get(kind)
    for asking, earlier in snapshot.notices.items() if kind == END else ():
        if asking.startswith(ASKING) and not earlier.settled:
            why = "nobody took it while the approval was asked for"
            give_up(app.records, migration, asking, why)
    if not chosen.notification_url:
        _settled(app.records, migration, kind)
        return NoticeState(sent=False)
    if notice is None:
        # Behind it a kind has the round that is asked.
        told = ASKING_AGAIN if kind.startswith(ASKING_AGAIN) else kind
        payload = {"type": told, "timestamp": at.isoformat(), "data": _data(snapshot)}
        made = Notice(body=json.dumps(payload), made_at=at)
        notice = app.records.make_notice(migration, kind, made)
    if notice.settled:
        _settled(app.records, migration, kind)
        return NoticeState(sent=notice.taken)
    headers = _signed(f"{migration}-{kind}", notice.body, chosen.notification_secret)
    answer = _answer(chosen.notification_url, notice.body, headers)
    taken = isinstance(answer, NoticeState)
    app.records.change_notice(migration, kind, lambda row: _tried(row, taken=taken))
    if taken:
        _settled(app.records, migration, kind)
    return answer


def give_up(records: MigrationRecords, migration: str, kind: str, reason: str) -> None:
    """Nobody will be told; a warning says so."""
    add_warning(records, migration, f"The notification '{kind}' could not be sent: {reason}")
    records.change_notice(migration, kind, lambda row: row.model_copy(update={"given_up": True}))
    _settled(records, migration, kind)


def _tried(notice: Notice, *, taken: bool) -> Notice:
    tried = {"tries": notice.tries + 1, "taken": notice.taken or taken}
    return notice.model_copy(update=tried)


def _settled(records: MigrationRecords, migration: str, kind: str) -> None:
    """The open pointer goes only after the end was told, or given up telling."""
    if kind == END:
        records.close_pointer(migration)


def _data(snapshot: Snapshot) -> Json:
    state, finished = snapshot.state, snapshot.latch.finished
    data: Json = {
        "migrationId": snapshot.accepted.id,
        "sourceImageId": snapshot.accepted.source_image_id,
        "versionId": state.version_id,
        "tryCommand": state.try_command,
        "warnings": list(state.warnings),
    }
    if finished:
        return {
            **data,
            "outcome": finished.outcome,
            "reason": finished.reason,
            "result": finished.result,
        }
    approval = state.approval
    if approval:
        data |= {
            "fingerprint": approval.fingerprint,
            "deadline": approval.deadline.isoformat(),
            "approvalPath": f"/api/migrations/{snapshot.accepted.id}/approval",
            "next": "Read the statement, test the version with tryCommand, then post a signed decision with the "
            "statementHash to approvalPath. Without an approval the image is kept.",
            **_stated(snapshot),
        }
    return data


def _stated(snapshot: Snapshot) -> Json:
    """The statement that is decided on, in the very text that is hashed, and for what changes it is asked again."""
    kept = snapshot.statement
    return {
        "statement": kept.text if kept else None,
        "statementHash": kept.hash if kept else None,
        "statementPath": f"/api/migrations/{snapshot.accepted.id}/statement",
        "round": snapshot.latch.asked,
        "changes": list(changes_since(snapshot)),
    }


def _signed(webhook_id: str, body: str, secret: str) -> dict[str, str]:
    from standardwebhooks import Webhook

    # Receivers check it against the wall clock.
    now = datetime.now(UTC)
    return {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, now, body),
    }


def _answer(url: str, body: str, headers: dict[str, str]) -> NoticeState | ActivityError:
    from requests import RequestException

    try:
        status = post(url, body.encode(), headers)
    except (RequestException, NoAnswerError) as error:
        # The exception's text would show the address, which is a secret with many receivers.
        return ActivityError(
            code="NotificationFailed", message=type(error).__name__, transient=True
        )
    if 200 <= status < 300:
        return NoticeState(sent=True)
    return ActivityError(
        code="NotificationRefused",
        message=f"the receiver answered {status}",
        status=status,
        transient=status == 429 or status >= 500,
    )
