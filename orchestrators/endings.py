"""Exceptions by which an orchestration leaves its path early: raised where it is found, told once at the top. Raised
and caught within one replay, so nothing of it ever crosses the durable boundary."""

from domain.migration.stages import Outcome
from domain.results import ActivityError


class MigrationEndedError(Exception):
    """The migration ends here, with this outcome."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        self.outcome = outcome
        self.reason = reason
        super().__init__(reason)


class RunOverError(Exception):
    """A later run goes on, or the migration has its outcome: this one ends in silence."""


class ActivityFailedError(Exception):
    """An activity's error is final, or has gone on for too long."""

    def __init__(self, error: ActivityError, reason: str) -> None:
        self.error = error
        self.reason = reason
        super().__init__(reason)


def cancelled() -> MigrationEndedError:
    """Return the end of a migration that somebody cancelled."""
    return MigrationEndedError(Outcome.CANCELLED, "cancelled")


def not_deleted(why: str) -> MigrationEndedError:
    """A gate or Azure refused the deletion."""
    reason = f"not deleted: {why}; start again once that is put right"
    return MigrationEndedError(Outcome.KEPT, reason)
