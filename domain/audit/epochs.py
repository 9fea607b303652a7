"""Epochs: an Admin accepts records that were put back from a copy, which voids every approval given before."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, ValidationError

from domain.audit.anchors import Anchor
from domain.audit.chain import Slot
from domain.audit.events import Event, Kind
from domain.callers.actors import Actor
from domain.doubled_keys import doubled_keys
from domain.errors import InvalidRequestError, MigratorError, problems_of
from domain.values import StrictModel

FIRST = 1


class WrongEpochError(MigratorError):
    """Another epoch than the next one was asked for; the text says which may be."""


class EpochBody(StrictModel):
    """The body that begins an epoch: its number, so that the same request sent again begins no other."""

    epoch: Annotated[int, Field(gt=FIRST)]
    reason: Annotated[str, Field(max_length=1024)] = ""


def parse_epoch(raw: bytes) -> EpochBody:
    """The epoch in a body. Raises InvalidRequestError."""
    doubled = doubled_keys(raw)
    try:
        body = EpochBody.model_validate_json(raw)
    except ValidationError as error:
        raise InvalidRequestError([*doubled, *problems_of(error)]) from error
    if doubled:
        raise InvalidRequestError(doubled)
    return body


def check_next(asked: int, current: int) -> None:
    """Raise WrongEpochError unless it is the next epoch, or the present one, which is gone on with."""
    if asked == current > FIRST or asked == current + 1:
        return
    raise WrongEpochError(f"The epoch is {current}; the next one is {current + 1}.")


def begun(
    epoch: int, anchor: Anchor | None, slots: list[Slot], by: Actor, reason: str, at: datetime
) -> Event:
    """The fact that an epoch began, with what was accepted: how many events were there, and how many had been."""
    facts = {
        "epoch": epoch,
        "events": slots[-1].number if slots else 0,
        "were": anchor.count if anchor else 0,
    }
    people = {"by": by.model_dump(mode="json"), "reason": reason}
    return Event(id=f"epoch {epoch}", kind=Kind.EPOCH, at=at, facts=facts, personal=people)
