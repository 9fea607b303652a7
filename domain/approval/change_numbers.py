"""Change numbers: what a deployment's change management calls the change that a deletion is part of."""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from domain.errors import InvalidRequestError, Problem
from domain.values import Message

FIELD = "changeNumber"


class DemandedWith(StrEnum):
    """The thing that a change number is demanded with."""

    REQUEST = "request"
    DECISION = "decision"
    BOTH = "both"


class ChangeNumberRule(Message):
    """The rule of a deployment: what numbers look like, and with what they are demanded. Without a pattern none is."""

    pattern: str = ""
    demanded_with: DemandedWith = DemandedWith.REQUEST

    def check(self, given: str, where: DemandedWith) -> None:
        """Raises InvalidRequestError if the number that came with a request or a decision is not as demanded."""
        demanded = self.demanded_with in (where, DemandedWith.BOTH)
        if not self.pattern or (not given and not demanded):
            return
        if not re.fullmatch(self.pattern, given):
            text = f"must be a change number that matches {self.pattern}"
            raise InvalidRequestError([Problem(field=FIELD, message=text)])


def _plain(number: str) -> str:
    if not number.isprintable():
        raise ValueError("must be one line of printable characters")
    return number


ChangeNumber = Annotated[str, Field(max_length=100), AfterValidator(_plain)]
