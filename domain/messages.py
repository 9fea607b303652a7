"""The contracts of the durable boundary: the request and the reply of every activity, once for both sides.

An orchestrator writes `yield from run.call(DELETE_IMAGE, StepRequest(...))` and matches on the reply; an activity is
`@implements(DELETE_IMAGE)`. Requests hold no more than which run asks, and what only the orchestration knows (its
time): everything else is read from the records, which nobody but this app can write. On the wire all is plain JSON;
new fields get defaults, unknown ones are ignored.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, Literal, TypeVar

from pydantic import TypeAdapter

from domain.approval.asking import ApprovalNotAsked, ApprovalOpened
from domain.approval.decisions import Verdict
from domain.deletion.answers import DeletionObserved, DeletionWaits
from domain.deletion.stated import StatementChanged
from domain.migration.limits import Limits
from domain.migration.polling import Look
from domain.migration.stages import ImageFate, Outcome, Stage
from domain.values import Message

# -- requests --------------------------------------------------------------------------------------------------------


class AnyRequest(Message):
    """`failing_since`: when the orchestration asked first, if it has been failing since."""

    failing_since: datetime | None = None


class ActivityRequest(AnyRequest):
    """For which migration."""

    migration_id: str


class StepRequest(ActivityRequest):
    """A step of a run: one that is not the newest run's does nothing."""

    run: int


class PlanRequest(StepRequest):
    """`taken`: the version name of the plan that must be replaced, since somebody else has it."""

    taken: str = ""


class TimedRequest(StepRequest):
    """A request with `at`, the orchestration's time."""

    at: datetime


class LookRequest(TimedRequest):
    """A look of a watch that began at `began`, after `polls` others."""

    began: datetime
    polls: int


class AskRequest(TimedRequest):
    """`after`: what was approved the how many-th time is void; 0 when it is asked the first time."""

    after: int = 0


class JudgeRequest(TimedRequest):
    """`round`: the number of the wait that follows when there is no verdict yet."""

    round: int


class ProgressRequest(TimedRequest):
    """A step forward. `step` names the line: taken again by a later run, it is not written again. `until`: the latest
    moment at which it ends, if that is known."""

    step: str
    stage: Stage
    text: str
    until: datetime | None = None


class FinishRequest(TimedRequest):
    """The end of a run: the outcome to write down, and the reason."""

    outcome: Outcome
    reason: str
    image: ImageFate
    version_ready: bool


class NoticeRequest(ActivityRequest):
    """A notice to post; its kind is one of `domain/notices/notice.py`."""

    kind: str
    at: datetime


# -- replies ---------------------------------------------------------------------------------------------------------


class RunBegun(Message):
    """The point from which a run goes on: its number, and how far the migration has come, since when."""

    run: int
    stage: Stage
    stage_since: datetime
    deletion: bool
    image: ImageFate
    limits: Limits
    boot_test: bool = False


class PlannedMigration(Message):
    """The plan, as far as the order of effects depends on it."""

    kind: Literal["planned"] = "planned"
    version_id: str
    version_name: str
    definition_name: str
    definition_exists: bool
    adopts_existing: bool
    regions: tuple[str, ...]
    exclude_from_latest: bool
    fingerprint_complete: bool


class NoPlan(Message):
    """No plan could be made; `reason` says why."""

    kind: Literal["noPlan"] = "noPlan"
    reason: str


class DefinitionState(Message):
    """The state of the definition: ready to be used, or not yet."""

    ready: bool


class VersionBegun(Message):
    """`created`: this migration sent its PUT; else the version was there."""

    kind: Literal["begun"] = "begun"
    created: bool


class VersionNameTaken(Message):
    """Somebody else has the name; `replan`: another may be chosen."""

    kind: Literal["taken"] = "taken"
    reason: str
    replan: bool


class ImageState(Message):
    """The state of the image: there; unchanged as far as is known; and certain, since its creation time is known
    too."""

    present: bool
    unchanged: bool = False
    certain: bool = False


class PromotionSent(Message):
    """`changed` is False when the version was as asked already."""

    changed: bool


class DeletionSent(Message):
    """A DELETE was taken, or may have been: by this run, or (`refused`: why this one sent none) by one before it.
    `began`: when the first was about to be sent; `lapses_at`: when none of an earlier run can be under way any more."""

    kind: Literal["sent"] = "sent"
    began: datetime
    refused: str = ""
    lapses_at: datetime | None = None


class DeletionRefused(Message):
    """The gate is shut and no DELETE was ever sent: the image is kept."""

    kind: Literal["refused"] = "refused"
    reasons: tuple[str, ...]


class ImageGone(Message):
    """The image is not there; `by_us` when our DELETE may have been sent before."""

    kind: Literal["gone"] = "gone"
    by_us: bool


class FateUnknown(Message):
    """A DELETE may have been sent, and Azure does not let it be known what came of it."""

    kind: Literal["unknown"] = "unknown"
    reason: str


class DeletionState(Message):
    """`gone` once Azure has the image no more; `refusal`: its operation has failed."""

    gone: bool
    refusal: str = ""


class FinishedMigration(Message):
    """The outcome that holds, of whichever run."""

    outcome: Outcome
    reason: str


class NoticeState(Message):
    """`sent` is False when nobody is to be notified, or took it now: the sweep does it then."""

    sent: bool


class Written(Message):
    """It is written down; `at`: the time that stands, which an earlier run may have written."""

    at: datetime


# -- contracts -------------------------------------------------------------------------------------------------------

Request = TypeVar("Request", bound=AnyRequest)
Reply = TypeVar("Reply")


@dataclass(frozen=True)
class Activity(Generic[Request, Reply]):
    """One activity: its registered name, what it is asked, what it replies."""

    name: str
    request: type[Request]
    # A class or a union of classes, of which Reply is the type.
    reply: Any

    @cached_property
    def replies(self) -> TypeAdapter[Reply]:
        """The reader of the reply in a result's value, which may raise pydantic's ValidationError; made on first
        use."""
        return TypeAdapter(self.reply)


Planning = PlannedMigration | NoPlan
VersionStart = VersionBegun | VersionNameTaken
ApprovalRequest = ApprovalOpened | ApprovalNotAsked
Deletion = (
    DeletionSent
    | StatementChanged
    | DeletionRefused
    | DeletionObserved
    | DeletionWaits
    | ImageGone
    | FateUnknown
)

BEGIN_RUN = Activity[ActivityRequest, RunBegun]("begin_run", ActivityRequest, RunBegun)
PLAN_MIGRATION = Activity[PlanRequest, Planning]("plan_migration", PlanRequest, Planning)
ENSURE_DEFINITION = Activity[StepRequest, DefinitionState](
    "ensure_definition", StepRequest, DefinitionState
)
START_VERSION = Activity[StepRequest, VersionStart]("start_version", StepRequest, VersionStart)
READ_REPLICATION = Activity[LookRequest, Look]("read_replication", LookRequest, Look)
CHECK_IMAGE = Activity[StepRequest, ImageState]("check_image", StepRequest, ImageState)
OPEN_APPROVAL = Activity[AskRequest, ApprovalRequest]("open_approval", AskRequest, ApprovalRequest)
MAKE_STATEMENT = Activity[StepRequest, Written]("make_statement", StepRequest, Written)
DECIDE_APPROVAL = Activity[JudgeRequest, Verdict]("decide_approval", JudgeRequest, Verdict)
PROMOTE_VERSION = Activity[StepRequest, PromotionSent](
    "promote_version", StepRequest, PromotionSent
)
DELETE_IMAGE = Activity[StepRequest, Deletion]("delete_image", StepRequest, Deletion)
CONFIRM_DELETION = Activity[StepRequest, DeletionState](
    "confirm_deletion", StepRequest, DeletionState
)
RECORD_PROGRESS = Activity[ProgressRequest, Written]("record_progress", ProgressRequest, Written)
FINISH_MIGRATION = Activity[FinishRequest, FinishedMigration](
    "finish_migration", FinishRequest, FinishedMigration
)
NOTIFY = Activity[NoticeRequest, NoticeState]("notify", NoticeRequest, NoticeState)
