"""Tell people."""

from activities.activity import implements
from domain.messages import NOTIFY, NoticeRequest, NoticeState
from domain.migration.latch import Halt
from domain.migration.recorded import Snapshot
from domain.results import ActivityError
from services.dependencies import Dependencies
from services.notifications import post_notice


@implements(NOTIFY)
def notify(
    request: NoticeRequest, snapshot: Snapshot, app: Dependencies
) -> NoticeState | ActivityError | Halt:
    """Post a notice to everybody who has not taken it yet.

    It holds nothing up: whoever does not take it now is the sweep's (`triggers/timers/telling.py`), until it is given
    up. That of the end ends the migration for the sweep too, once everybody has taken it.
    """
    answers = post_notice(app, snapshot, request.kind, request.at)
    return NoticeState(sent=None in answers.values())
