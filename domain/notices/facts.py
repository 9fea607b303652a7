"""The facts that a notice tells of a migration, one value for every form of it."""

from datetime import datetime

from domain.approval.statement import KeptStatement
from domain.deletion.stated import changes_since
from domain.migration.recorded import Snapshot
from domain.migration.stages import Outcome
from domain.notices.notice import (
    ASKINGS,
    END,
    LATE_USERS,
    REMINDER,
    RESTORED,
    STALLED,
    type_of,
)
from domain.restore.recorded import newest
from domain.values import Json, Message

_TO_DO = {
    Outcome.COMPLETED: "Nothing: make machines from the version.",
    Outcome.KEPT: "Read the reason; the image is still there. Ask for the migration again to be asked again.",
    Outcome.FAILED: "Read the reason, mend what it names, and ask for the migration again.",
    Outcome.CANCELLED: "Ask for the migration again if it is still wanted.",
}
_DECIDE = (
    "Read the statement and test the version with tryCommand; then decide signed in, or post a signed decision with "
    "the statementHash to approvalPath. "
    "Without an approval the image is kept."
)
_LOOK = "Look at its orchestration: it should have gone on by now. Nothing is deleted meanwhile."


class NoticeFacts(Message):
    """Everything that a notice can say. `link`: the migration's own address, if the deployment knows its own;
    `users`: who needs the image; `statement` with its hash: the text that is decided on, in which `round` of asking and
    for which `changes`; `refused`: the checks that kept the image."""

    kind: str
    at: datetime
    migration_id: str
    image_id: str
    version_id: str | None = None
    try_command: str | None = None
    requester: str = ""
    fingerprint: str | None = None
    deadline: datetime | None = None
    users: tuple[str, ...] = ()
    statement: str = ""
    statement_hash: str = ""
    round: int = 0
    changes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    stage: str = ""
    outcome: Outcome | None = None
    reason: str = ""
    refused: tuple[str, ...] = ()
    result: Json | None = None
    to_do: str = ""
    restore_command: str = ""
    link: str = ""

    @property
    def type(self) -> str:
        """The type of the notice."""
        return type_of(self.kind)


def facts_of(snapshot: Snapshot, kind: str, at: datetime, public_url: str = "") -> NoticeFacts:
    """The facts about a migration as it stands. Raises ValueError for a kind that is none."""
    accepted, state, told = snapshot.accepted, snapshot.state, type_of(kind)
    values: Json = {
        "kind": kind,
        "at": at,
        "migration_id": accepted.id,
        "image_id": accepted.source_image_id,
        "version_id": state.version_id,
        "try_command": state.try_command,
        "requester": accepted.requester.words if accepted.requester else "",
        "warnings": state.warnings,
        "stage": snapshot.stage.value,
        "link": f"{public_url}/api/migrations/{accepted.id}" if public_url else "",
    }
    if told in ASKINGS:
        values |= _asking(snapshot)
    elif told == END:
        values |= _ended(snapshot)
    elif told == LATE_USERS:
        values |= _appeared(snapshot)
    elif told == RESTORED:
        values |= _restored(snapshot)
    elif told == STALLED:
        values |= {"to_do": _LOOK}
    return NoticeFacts(**values)


def _asking(snapshot: Snapshot) -> Json:
    approval = snapshot.state.approval
    if approval is None:
        return {}
    asked, now = snapshot.latch.asked, snapshot.statement
    changed = changes_since(snapshot.statements.get(str(asked - 1)), now)
    again = f"What was approved has changed: {'; '.join(changed)}. " if changed else ""
    return {
        "fingerprint": approval.fingerprint,
        "deadline": approval.deadline,
        "users": _users(now),
        "statement": now.text if now else "",
        "statement_hash": now.hash if now else "",
        "round": asked,
        "changes": changed,
        "to_do": again + _DECIDE,
    }


def _users(kept: KeptStatement | None) -> tuple[str, ...]:
    """The users of the image, as whoever approves is shown them."""
    stated = kept.statement if kept else None
    users = stated.references.users if stated else ()
    return tuple(f"{user.kind} {user.id} ({user.effect.value})" for user in users)


def _ended(snapshot: Snapshot) -> Json:
    end = snapshot.finished
    if end is None:
        return {}
    shut = end.outcome is Outcome.KEPT
    failing = (check for check in snapshot.checks if not check.get("passed", False))
    texts = tuple(f"{check.get('name', '')}: {check.get('found', '')}" for check in failing)
    return {
        "outcome": end.outcome,
        "reason": end.reason,
        "result": end.result,
        "refused": texts if shut else (),
        "to_do": _TO_DO[end.outcome],
    }


def _appeared(snapshot: Snapshot) -> Json:
    found = snapshot.late_users
    if found is None:
        return {}
    to_do = f"Move them, or take the deletion back: {found.command}"
    return {"users": found.lines, "restore_command": found.command, "to_do": to_do}


def _restored(snapshot: Snapshot) -> Json:
    restore = newest(snapshot.restores)
    end = restore.finished if restore else None
    if end is None:
        return {}
    left = (*end.differences, *end.left)
    return {"reason": end.reason, "to_do": f"Look at it: {'; '.join(left)}" if left else ""}


def payload_of(facts: NoticeFacts) -> Json:
    """The notice as the signed webhook gets it."""
    data: Json = {
        "migrationId": facts.migration_id,
        "sourceImageId": facts.image_id,
        "versionId": facts.version_id,
        "tryCommand": facts.try_command,
        "warnings": list(facts.warnings),
    }
    if facts.outcome:
        data |= {"outcome": facts.outcome, "reason": facts.reason, "result": facts.result}
    elif facts.deadline:
        data |= {
            "fingerprint": facts.fingerprint,
            "deadline": facts.deadline.isoformat(),
            "approvalPath": f"/api/migrations/{facts.migration_id}/approval",
            "next": facts.to_do,
            "statement": facts.statement,
            "statementHash": facts.statement_hash,
            "statementPath": f"/api/migrations/{facts.migration_id}/statement",
            "round": facts.round,
            "changes": list(facts.changes),
        }
    if facts.type == REMINDER and facts.deadline:
        data["secondsLeft"] = max(0, int((facts.deadline - facts.at).total_seconds()))
    if facts.restore_command:
        data |= {"users": list(facts.users), "restoreCommand": facts.restore_command}
    if facts.type == RESTORED:
        data["reason"] = facts.reason
    if facts.link:
        data["link"] = facts.link
    return {"type": facts.type, "timestamp": facts.at.isoformat(), "data": data}
