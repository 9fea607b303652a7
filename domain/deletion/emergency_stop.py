"""The emergency stop: while it stands nothing is deleted, whatever was approved. A setting, or a call that takes no
deployment; each call is kept with who made it, when, and why."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, ValidationError

from domain.callers.actors import Actor
from domain.deletion.evidence import Check
from domain.errors import InvalidRequestError, problems_of
from domain.values import Message, StrictModel

MOST_CHANGES_KEPT = 100


class StopChange(Message):
    """One call: stopped or lifted, by whom, when, why."""

    stopped: bool
    by: Actor
    at: datetime
    reason: str


class EmergencyStop(Message):
    """The calls, the newest last."""

    changes: tuple[StopChange, ...] = ()

    @property
    def standing(self) -> StopChange | None:
        """The call that stops deletions now; None while none does."""
        last = self.changes[-1] if self.changes else None
        return last if last and last.stopped else None

    def changed(self, change: StopChange) -> "EmergencyStop":
        """The stop after one more call; pure."""
        return EmergencyStop(changes=(*self.changes, change)[-MOST_CHANGES_KEPT:])


class StopBody(StrictModel):
    """The body of the call."""

    stopped: bool
    reason: Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")]


def parse_stop(raw: bytes) -> StopBody:
    """The call in a body. Raises InvalidRequestError with every problem of its form."""
    try:
        return StopBody.model_validate_json(raw)
    except ValidationError as error:
        raise InvalidRequestError(problems_of(error)) from error


def stop_check(stop: EmergencyStop, *, by_setting: bool) -> Check:
    """The check that no stop stands."""
    reasons = ["DELETION_STOPPED is true"] if by_setting else []
    if standing := stop.standing:
        when = standing.at.isoformat()
        reasons.append(f"stopped by {standing.by.words} at {when}: {standing.reason}")
    return Check(name="no emergency stop", passed=not reasons, found="; ".join(reasons) or "none")
