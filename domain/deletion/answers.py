"""Replies of the deletion's step about a gate that stays shut, or that only time opens."""

from datetime import datetime
from typing import Literal

from domain.values import Message


class DeletionObserved(Message):
    """The deployment observes: no DELETE was sent; `reason` says what would have been done."""

    kind: Literal["observed"] = "observed"
    reason: str


class DeletionWaits(Message):
    """Nothing but time keeps the gate shut, and the approval is valid for longer: everything is read again then."""

    kind: Literal["waits"] = "waits"
    until: datetime
    reason: str
