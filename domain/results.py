"""The result of every activity: the one envelope around its reply, and what is expected to go wrong as a value."""

from datetime import datetime
from enum import StrEnum

from domain.values import Json, Message


class ActivityError(Message):
    """The answer of Azure (or of the record store) that stood in the way.

    `transient`: the same call may work later, not before `retry_after` seconds if given; `since`: the first time that
    it failed in a row. `correlation_id` is for a support request to Microsoft.
    """

    code: str
    message: str
    status: int | None = None
    transient: bool = False
    retry_after: float | None = None
    correlation_id: str | None = None
    since: datetime | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class ResultStatus(StrEnum):
    """The end of an activity; `over`: a later run goes on, or the migration has its outcome, so this run is
    nobody's."""

    DONE = "done"
    ERROR = "error"
    CANCELLED = "cancelled"
    OVER = "over"


class ActivityResult(Message):
    """The one shape of every activity's result. What is expected to go wrong travels as data, since exceptions lose
    their type on the way (docs/platform-notes.md#exceptions-lose-their-type); an exception is a bug."""

    status: ResultStatus
    value: Json = {}
    error: ActivityError | None = None
