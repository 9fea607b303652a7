"""Tell people over the webhook in the settings, signed as the Standard Webhooks specification says.

The address is configuration, never input. Redirects are not followed. Repeats carry the same `webhook-id`.
"""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from activities.configuration import records, settings
from activities.steps import StepInput, step
from migration import answers
from migration.recorded import Snapshot
from migration.wire import Json

if TYPE_CHECKING:
    from requests import Response

CONNECT_SECONDS, READ_SECONDS = 5, 15


class Notify(StepInput):
    """What about: `approval.requested` or `migration.finished`."""

    kind: str
    at: datetime


@step(Notify, heeds_cancel=False)
def notify(given: Notify) -> Json:
    """Post the notification; `sent` is False when nobody is to be notified."""
    chosen = settings()
    snapshot = records().snapshot(given.migration_id)
    if not chosen.notification_url or snapshot is None:
        return answers.done({"sent": False})
    payload = {"type": given.kind, "timestamp": given.at.isoformat(), "data": _data(snapshot)}
    body = json.dumps(payload)
    headers = _signed(f"{given.migration_id}-{given.kind}", body, chosen.notification_secret)
    return _answer(_post(chosen.notification_url, body, headers))


def _data(snapshot: Snapshot) -> Json:
    state, finished = snapshot.state, snapshot.finished
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
    if approval and approval.deadline:
        data |= {
            "fingerprint": approval.fingerprint,
            "deadline": approval.deadline.isoformat(),
            "approvalPath": f"/api/migrations/{snapshot.accepted.id}/approval",
            "next": "Test the version with tryCommand, then post a signed decision to approvalPath. "
            "Without an approval the image is kept.",
        }
    return data


def _signed(webhook_id: str, body: str, secret: str) -> dict[str, str]:
    from standardwebhooks import Webhook

    now = datetime.now(UTC)  # receivers check it against the wall clock
    return {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, now, body),
    }


def _post(url: str, body: str, headers: dict[str, str]) -> "Response | Exception":
    import requests

    try:
        return requests.post(
            url,
            data=body.encode(),
            headers=headers,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
        )
    except requests.RequestException as error:
        return error


def _answer(answered: "Response | Exception") -> Json:
    if isinstance(answered, Exception):
        # The exception's text would show the address, which is a secret with many receivers.
        return answers.failed(
            answers.AzureError(
                code="NotificationFailed", message=type(answered).__name__, transient=True
            )
        )
    if 200 <= answered.status_code < 300:
        return answers.done({"sent": True})
    return answers.failed(
        answers.AzureError(
            code="NotificationRefused",
            message=f"the receiver answered {answered.status_code}",
            status=answered.status_code,
            transient=answered.status_code == 429 or answered.status_code >= 500,
        )
    )
