"""How an activity answers: what it found, that the migration was cancelled, or an error as a value.

Exception types do not survive the durable boundary (azure-functions-durable-python#496), so what is expected to go
wrong travels as data; an exception is a bug.
"""

from enum import StrEnum

from migration.wire import Json, Value


class AzureError(Value):
    """What Azure (or the record store) answered instead of doing it.

    `transient`: the same call may work later, not before `retry_after` seconds if given. `correlation_id` is for a
    support request to Microsoft.
    """

    code: str
    message: str
    status: int | None = None
    transient: bool = False
    retry_after: float | None = None
    correlation_id: str | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Standing(StrEnum):
    """How an activity ended."""

    DONE = "done"
    ERROR = "error"
    CANCELLED = "cancelled"


class Answer(Value):
    """The one shape of every activity's result."""

    standing: Standing
    value: Json = {}
    error: AzureError | None = None
    correlation_id: str | None = None


def done(value: Json | None = None, correlation_id: str | None = None) -> Json:
    """The wire form of a result."""
    return Answer(
        standing=Standing.DONE, value=value or {}, correlation_id=correlation_id
    ).to_wire()


def failed(error: AzureError) -> Json:
    """The wire form of an error."""
    return Answer(standing=Standing.ERROR, error=error).to_wire()


def cancelled() -> Json:
    """The wire form of "somebody cancelled this migration"."""
    return Answer(standing=Standing.CANCELLED).to_wire()
