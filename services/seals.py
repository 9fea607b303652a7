"""Seals on people's decisions and on accepted requests: a MAC with a key of the settings, not of the records.

Whoever can write the records can make no seal, so a decision counts only if its seal holds for one of the keys of now,
and nobody is known to have asked for a migration but by the seal on its request: else a row could turn whoever asked
into somebody else, who then approves their own. The first key seals; the others still open what was sealed while they
were first.
"""

import base64
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from domain.approval.decisions import StoredDecision
from domain.approval.statement import Opening
from domain.callers.actors import Actor
from domain.migration.recorded import AcceptedRequest, ReceivedDecision
from domain.notices.notice import Notice
from domain.restore.recorded import Restore
from domain.values import Json

_DECISION, _REQUEST = "gallery-migrator.decision.v1", "gallery-migrator.request.v1"
_OPENING = "gallery-migrator.opening.v1"
_DELIVERY = "gallery-migrator.delivery.v1"
_RESTORE = "gallery-migrator.restore.v1"
# All that is fixed once a restore is accepted: which image, of what, for whom.
_ACCEPTED = {"migration", "attempt", "source", "requester", "accepted_at", "limits", "plan"}


def seal(decision: StoredDecision, key: str) -> str:
    """The seal of a decision with one key, as the settings write it."""
    return _mac(_DECISION, _decided(decision), key)


def sealed(received: ReceivedDecision, keys: Sequence[str]) -> StoredDecision | None:
    """The decision of a person, if its seal holds for one of the keys."""
    decision, kept = received.decision, received.seal
    if kept is None or decision.by is None:
        return None
    return decision if _holds(kept, _DECISION, _decided(decision), keys) else None


def with_seal(accepted: AcceptedRequest, keys: Sequence[str]) -> AcceptedRequest:
    """The request as it is recorded: sealed with the first key, if there is one."""
    made = _mac(_REQUEST, _said(accepted), keys[0]) if keys else None
    return accepted.model_copy(update={"seal": made})


def proven_requester(accepted: AcceptedRequest, keys: Sequence[str]) -> Actor | None:
    """The one who asked for a migration, if the seal on the request holds for one of the keys."""
    holds = _holds(accepted.seal, _REQUEST, _said(accepted), keys)
    return accepted.requester if holds else None


def with_opening_seal(opening: Opening, keys: Sequence[str]) -> Opening:
    """The opening of a statement as it is recorded: sealed with the first key, if there is one."""
    made = _mac(_OPENING, _opened(opening), keys[0]) if keys else None
    return opening.model_copy(update={"seal": made})


def opening_sealed(opening: Opening, keys: Sequence[str]) -> bool:
    """Return True if the seal on an opening holds for one of the keys."""
    return _holds(opening.seal, _OPENING, _opened(opening), keys)


def with_restore_seal(restore: Restore, keys: Sequence[str]) -> Restore:
    """The restore as it is recorded: sealed with the first key, if there is one."""
    made = _mac(_RESTORE, _wanted(restore), keys[0]) if keys else None
    return restore.model_copy(update={"seal": made})


def restore_sealed(restore: Restore, keys: Sequence[str]) -> bool:
    """Return True if the seal on a restore holds for one of the keys."""
    return _holds(restore.seal, _RESTORE, _wanted(restore), keys)


def _wanted(restore: Restore) -> Json:
    return restore.model_dump(mode="json", exclude_defaults=True, include=_ACCEPTED)


def _decided(decision: StoredDecision) -> Json:
    # Without what has its default: a field that a later version adds breaks no seal.
    return decision.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _opened(opening: Opening) -> Json:
    return opening.model_dump(mode="json", exclude_defaults=True, exclude={"seal"})


def with_delivery_seal(migration: str, notice: Notice, keys: Sequence[str]) -> Notice:
    """The notice of a migration as it is recorded: once taken, sealed with the first key, if there is one."""
    if not notice.taken_at or not keys:
        return notice
    made = _mac(_DELIVERY, _delivered(migration, notice), keys[0])
    return notice.model_copy(update={"seal": made})


def taken_at(
    migration: str, kind: str, notice: Notice | None, keys: Sequence[str]
) -> datetime | None:
    """The time at which the notice of this kind was taken, if the seal on it holds for one of the keys; else None.
    That of another kind proves nothing, whoever has put it into this one's row."""
    if notice is None or notice.kind != kind:
        return None
    holds = _holds(notice.seal, _DELIVERY, _delivered(migration, notice), keys)
    return notice.taken_at if holds else None


def _delivered(migration: str, notice: Notice) -> Json:
    at = notice.taken_at.astimezone(UTC).isoformat() if notice.taken_at else None
    return {"id": migration, "kind": notice.kind, "takenAt": at}


def _said(accepted: AcceptedRequest) -> Json:
    """Everything about a request that its approvers rely on."""
    asked_by = accepted.requester
    return {
        "id": accepted.id,
        "image": accepted.source_image_id,
        "request": accepted.request,
        "at": accepted.accepted_at.astimezone(UTC).isoformat(),
        "requester": asked_by.model_dump(mode="json", exclude_defaults=True) if asked_by else None,
    }


def _holds(kept: str | None, purpose: str, said: Json, keys: Sequence[str]) -> bool:
    holds = [
        hmac.compare_digest((kept or "").encode(), _mac(purpose, said, key).encode())
        for key in keys
    ]
    return any(holds)


def _mac(purpose: str, said: Json, key: str) -> str:
    text = json.dumps([purpose, said], sort_keys=True, separators=(",", ":"))
    secret = base64.b64decode(key.removeprefix("whsec_"))
    return hmac.new(secret, text.encode(), "sha256").hexdigest()
