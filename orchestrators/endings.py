"""How an orchestration leaves its path early: an ending, raised where it is found, told once at the top."""

from migration.stages import Outcome


class Ended(Exception):  # noqa: N818 - an ending, not an error
    """The migration ends here. Raised and caught in the same replay, so it never crosses the durable boundary."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        self.outcome = outcome
        self.reason = reason
        super().__init__(reason)


def cancelled() -> Ended:
    """Somebody cancelled."""
    return Ended(Outcome.CANCELLED, "cancelled")


def not_deleted(why: str) -> Ended:
    """A gate or Azure refused the deletion."""
    return Ended(Outcome.KEPT, f"not deleted: {why}; start again once that is put right")
