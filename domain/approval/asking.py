"""The replies of an asking for an approval."""

from datetime import datetime
from typing import Literal

from domain.values import Message


class ApprovalOpened(Message):
    """Until when the approval is waited for, the round of the wait, and the how many-th time that it is asked for."""

    kind: Literal["opened"] = "opened"
    deadline: datetime
    round: int
    asked: int = 1


class ApprovalNotAsked(Message):
    """Nobody is asked for what can never happen; `reason` says why it cannot."""

    kind: Literal["notAsked"] = "notAsked"
    reason: str
