"""The facts after a deletion: who turned out to need the image, and its restore."""

from domain.audit.events import Event, Kind
from domain.audit.facts import digest_of
from domain.audit.undo import looked_again, restore_asked, restore_ended
from domain.deletion.late_users import LateUsers
from domain.references.kinds import Effect
from domain.references.users import ImageUser
from domain.restore.recorded import RestoreEnd, RestoreState
from tests.builders import IMAGE_ID, MIGRATION_ID, NOW
from tests.domain.restore.values import ADMIN, a_restore

ENDED = RestoreEnd(
    state=RestoreState.RESTORED, reason="r", at=NOW, differences=("d",), left=("/disk",)
)


def test_the_second_look_tells_who_appeared() -> None:
    """And how many things could not be read; what another look shows is another fact."""
    user = ImageUser(id="/vm", kind="virtual machine", scope="/g", use="u", effect=Effect.WARNS)
    seen = LateUsers(users=(user,), unknown=("a", "b"), command="c")
    event = looked_again(seen, NOW)
    assert (event.kind, event.at) == (Kind.LATE_USERS, NOW)
    assert event.facts == {"users": [user.id], "unknown": 2}
    nobody = looked_again(seen.model_copy(update={"users": ()}), NOW)
    assert event.id.startswith("lateUsers ")
    assert event.id != nobody.id


def test_a_restore_is_asked_for_by_somebody() -> None:
    """Each attempt is a fact of its own, with a hash of all that will be sent."""
    restore = a_restore()
    assert restore_asked(restore) == Event(
        id=f"restoreAsked {MIGRATION_ID} 1",
        kind=Kind.RESTORE_ASKED,
        at=NOW,
        facts={
            "migration": MIGRATION_ID,
            "attempt": 1,
            "from": "version",
            "image": IMAGE_ID,
            "plan": digest_of(restore.plan),
        },
        personal={"by": ADMIN.model_dump(mode="json")},
    )


def test_a_restore_ends_once() -> None:
    """With what differs and what is left; before it has its end there is no such fact."""
    assert restore_ended(a_restore()) is None
    assert restore_ended(a_restore(attempt=2, finished=ENDED)) == Event(
        id="restoreEnded 2",
        kind=Kind.RESTORE_ENDED,
        at=NOW,
        facts={
            "attempt": 2,
            "state": "restored",
            "reason": "r",
            "differences": ["d"],
            "left": ["/disk"],
        },
    )
