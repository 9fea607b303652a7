"""The question that is decided on, under the settings of now, and the decisions whose makers can be proven now."""

from domain.approval.decisions import Decision, StoredDecision
from domain.approval.delivery import Delivery, delivery_of
from domain.approval.judging import ApprovalQuestion
from domain.approval.quorum import Ballot
from domain.migration.recorded import ReceivedDecision, Snapshot
from domain.notices.notice import WEBHOOK, asking_kind, key_of
from services.dependencies import Dependencies
from services.seals import proven_requester, sealed, taken_at
from services.signatures import genuine
from services.statements import proven_openings


def question_of(app: Dependencies, snapshot: Snapshot) -> ApprovalQuestion:
    """The question that a migration asks. Raises LookupError before it was asked."""
    approval, accepted = snapshot.state.approval, snapshot.accepted
    if approval is None:
        raise LookupError(f"{accepted.id} was never asked about")
    ballot = Ballot(
        policy=app.settings.approval_policy(accepted.source_image_id),
        requester=proven_requester(accepted, app.settings.sealing_keys),
        deadline=approval.deadline,
    )
    return ApprovalQuestion(
        migration_id=accepted.id,
        fingerprint=approval.fingerprint,
        statement_hash=snapshot.statement.hash if snapshot.statement else "",
        ballot=ballot,
        asked_at=snapshot.asked_at,
        delivery=delivery_now(app, snapshot),
    )


def delivery_now(app: Dependencies, snapshot: Snapshot) -> Delivery:
    """The delivery of the question that a migration asks, as far as it can be proven. Raises LookupError before it was
    asked."""
    asked_at, chosen = snapshot.asked_at, app.settings
    if asked_at is None:
        raise LookupError(f"{snapshot.accepted.id} was never asked about")
    migration, kind = snapshot.accepted.id, asking_kind(snapshot.latch.asked)
    notice = snapshot.notices.get(key_of(WEBHOOK, kind))
    return delivery_of(
        signed_receiver=bool(chosen.notification_url),
        quiet_time=chosen.approval_policy(snapshot.accepted.source_image_id).quiet_time,
        asked_at=snapshot.statement.asked_at if snapshot.statement else asked_at,
        taken_at=taken_at(migration, kind, notice, chosen.sealing_keys),
        openings=tuple(opening.at for opening in proven_openings(app, snapshot)),
        timeout=chosen.notice_timeout,
    )


def proven(app: Dependencies, received: ReceivedDecision) -> StoredDecision | None:
    """A decision as its maker signed it, or as it was sealed, if that holds for the secrets and keys of now."""
    return genuine(received, app.settings.webhook_secrets) or sealed(
        received, app.settings.sealing_keys
    )


def decisions_at_the_gate(app: Dependencies, snapshot: Snapshot) -> tuple[StoredDecision, ...]:
    """The decisions that can be proven now; and every rejection and withdrawal that was not refused, even one whose
    secret is gone: a doubt keeps the image."""
    standing = []
    for received in snapshot.received:
        said, ruling = proven(app, received), snapshot.rulings.get(received.decision.key)
        if ruling is not None and not ruling.accepted:
            continue
        if said is not None:
            standing.append(said)
        elif received.decision.decision is not Decision.APPROVE:
            standing.append(received.decision)
    return tuple(standing)
