"""Tell people, and give up telling them."""

from activities.activity import implements
from domain.messages import (
    GIVE_UP_NOTICE,
    NOTIFY,
    NoticeFailure,
    NoticeRequest,
    NoticeState,
    Written,
)
from domain.migration.latch import Halt
from domain.migration.recorded import Snapshot
from domain.results import ActivityError
from services.dependencies import Dependencies
from services.notifications import END, give_up, post_notice


@implements(NOTIFY)
def notify(
    request: NoticeRequest, snapshot: Snapshot, app: Dependencies
) -> NoticeState | ActivityError | Halt:
    """Post a notice that nobody has taken yet. That of the end ends the migration for the sweep too.

    One of a migration that goes on holds nothing up: if it could not be sent now, the sweep sends it again.
    """
    answer = post_notice(app, snapshot, request.kind, request.at)
    if request.kind != END and isinstance(answer, ActivityError) and answer.transient:
        return NoticeState(sent=False)
    return answer


@implements(GIVE_UP_NOTICE)
def give_up_notice(
    request: NoticeFailure, snapshot: Snapshot, app: Dependencies
) -> Written | ActivityError | Halt:
    """It cannot be sent, which becomes a warning."""
    give_up(app.records, snapshot.accepted.id, request.kind, request.reason)
    return Written(at=request.at)
