"""The events after a deletion: who turned out to need the image, and its restore."""

from datetime import datetime

from domain.audit.events import Event, Kind
from domain.audit.facts import digest_of, digest_of_texts
from domain.deletion.late_users import LateUsers
from domain.restore.recorded import Restore


def looked_again(seen: LateUsers, at: datetime) -> Event:
    """The second look for users of the deleted image was made: who appeared, and how much could not be read."""
    users = [user.id for user in seen.users]
    return Event(
        id=f"lateUsers {digest_of_texts(*users)}",
        kind=Kind.LATE_USERS,
        at=at,
        facts={"users": users, "unknown": len(seen.unknown)},
    )


def restore_asked(restore: Restore) -> Event:
    """An Admin asked for the image to be made again; `plan`: the hash of all that will be sent."""
    return Event(
        id=f"restoreAsked {restore.migration} {restore.attempt}",
        kind=Kind.RESTORE_ASKED,
        at=restore.accepted_at,
        facts={
            "migration": restore.migration,
            "attempt": restore.attempt,
            "from": restore.source.value,
            "image": restore.plan.image.text,
            "plan": digest_of(restore.plan),
        },
        personal={"by": restore.requester.model_dump(mode="json")},
    )


def restore_ended(restore: Restore) -> Event | None:
    """A restore has its end; None before."""
    end = restore.finished
    if end is None:
        return None
    facts = {
        "attempt": restore.attempt,
        "state": end.state.value,
        "reason": end.reason,
        "differences": list(end.differences),
        "left": list(end.left),
    }
    name = f"restoreEnded {restore.attempt}"
    return Event(id=name, kind=Kind.RESTORE_ENDED, at=end.at, facts=facts)
