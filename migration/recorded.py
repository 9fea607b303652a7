"""What the app writes down about a migration: the values that lie in the records, from acceptance to outcome."""

from datetime import datetime
from typing import Literal

from migration.approval import ApprovalState, StoredDecision
from migration.polling import RegionStatus
from migration.stages import Outcome, Stage
from migration.wire import Json, Value


class Accepted(Value):
    """A request that was accepted. Its insert is the claim of the image: one writer wins."""

    id: str
    image_key: str
    attempt: int
    source_image_id: str
    request: Json
    digest: str
    accepted_at: datetime
    origin: Literal["http", "eventGrid"] = "http"
    fingerprint: str | None = None


class TimelineEntry(Value):
    """One thing that happened; `number` keeps a repeated activity from writing it twice."""

    number: int
    at: datetime
    stage: Stage
    text: str


class Approval(Value):
    """The approval as the status shows it; `round` numbers the event that wakes the wait."""

    state: ApprovalState = ApprovalState.PENDING
    deadline: datetime | None = None
    fingerprint: str | None = None
    round: int = 0
    decided_by: StoredDecision | None = None


class State(Value):
    """Where a migration stands, as its own steps write it."""

    stage: Stage = Stage.PLANNING
    timeline: tuple[TimelineEntry, ...] = ()
    warnings: tuple[str, ...] = ()
    approval: Approval | None = None
    fingerprint: str | None = None
    version_id: str | None = None
    try_command: str | None = None


class Latch(Value):
    """Whichever is written first holds: a cancellation, the start of the deletion, or the end."""

    kind: Literal["cancel", "deletion", "finished"]
    at: datetime
    by: str = ""


class Received(Value):
    """A verified decision, and the hash of the body it came in."""

    decision: StoredDecision
    body_hash: str


class Ruling(Value):
    """What the workflow made of one received decision."""

    accepted: bool
    text: str


class Finished(Value):
    """The one outcome."""

    outcome: Outcome
    reason: str
    at: datetime
    result: Json = {}


class Snapshot(Value):
    """Everything recorded about one attempt."""

    accepted: Accepted
    started: bool = False
    state: State = State()
    regions: tuple[RegionStatus, ...] = ()
    latch: Latch | None = None
    received: tuple[Received, ...] = ()
    rulings: dict[str, Ruling] = {}
    finished: Finished | None = None

    @property
    def stage(self) -> Stage:
        """The stage; an outcome means finished, whatever the last step wrote."""
        return Stage.FINISHED if self.finished else self.state.stage


class ListEntry(Value):
    """One row of the list of migrations."""

    id: str
    source_image_id: str
    accepted_at: datetime
    updated_at: datetime
    stage: Stage
    outcome: Outcome | None = None
    reason: str = ""
