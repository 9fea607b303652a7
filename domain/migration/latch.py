"""The one row that every run of a migration is held against: which run counts, what was sent, how it ended.

An orchestration may die at any moment and is started again from the records, while steps of the dead one still run
somewhere. So runs are numbered, and whoever sends something to Azure, settles an approval, stops the migration or
ends it first writes that here, conditionally on what stands. Every function is such a change: the row as it is, and
the row as it shall be, or the Halt that says why nothing may be done.
"""

from datetime import datetime
from enum import StrEnum

from domain.approval.decisions import ApprovalState, Verdict
from domain.callers.actors import Actor
from domain.migration.lapses import LAPSES_AFTER
from domain.migration.stages import Outcome
from domain.values import Json, Message


class Effect(StrEnum):
    """A write that a migration sends to Azure."""

    DEFINITION = "definition"
    VERSION = "version"
    PROMOTION = "promotion"
    DELETION = "deletion"


class Halt(StrEnum):
    """A reason for a step to do nothing: somebody cancelled or rejected, a later run goes on, or the migration has its
    outcome."""

    CANCELLED = "cancelled"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    ENDED = "ended"
    TOO_LATE = "too late"


class Intent(Message):
    """A write that was about to be sent by a run; it counts as sent for everybody who comes after.

    `began` is the time of the first intent of its kind, from which limits count. `repeated`: an earlier one may have
    arrived, so a refusal of the last one proves nothing. `taken`: Azure has answered that it took it, or one before.
    """

    run: int
    at: datetime
    began: datetime
    repeated: bool = False
    taken: bool = False
    operation_url: str | None = None
    correlation_id: str | None = None

    @property
    def lapses_at(self) -> datetime | None:
        """The moment after which nothing of it can be under way any more; None for what Azure took."""
        return None if self.taken else self.at + LAPSES_AFTER


class Restart(Message):
    """One start from the records. `mark`: how far the migration had come; not `counted`: other code was the cause;
    `version`: host.json's `defaultVersion` on the host that started it, empty in records from before it was kept."""

    run: int
    at: datetime
    cause: str
    mark: str
    counted: bool = True
    version: str = ""


class MigrationResult(Message):
    """The one outcome of a migration, with its reason."""

    outcome: Outcome
    reason: str
    at: datetime
    result: Json = {}


class Latch(Message):
    """See the module. `stopped_run`: the run whose orchestration the app itself terminated, since it hung. `asked`: the
    how many-th time that the approval is asked for."""

    run: int = 1
    asked: int = 1
    restarts: tuple[Restart, ...] = ()
    stopped_run: int = 0
    cancelled_at: datetime | None = None
    cancelled_by: Actor | None = None
    effects: dict[Effect, Intent] = {}
    verdict: Verdict | None = None
    finished: MigrationResult | None = None

    def halt(self, run: int) -> Halt | None:
        """Return why a step of this run may do nothing, or None when it may go on."""
        if self.finished:
            return Halt.ENDED
        if run != self.run:
            return Halt.SUPERSEDED
        return Halt.CANCELLED if self.cancelled_at else None

    @property
    def approved(self) -> bool:
        """True if the deletion was approved, and nobody has rejected it since."""
        return self.verdict is not None and self.verdict.state is ApprovalState.APPROVED

    @property
    def deletion(self) -> Intent | None:
        """The DELETE that may have been sent."""
        return self.effects.get(Effect.DELETION)


def intend(latch: Latch, run: int, effect: Effect, at: datetime) -> Latch | Halt:
    """A run is about to send a write; the last thing before it does."""
    if halt := latch.halt(run):
        return halt
    if effect is Effect.DELETION and not latch.approved:
        return Halt.REJECTED
    before = latch.effects.get(effect)
    began = before.began if before else at
    taken = before is not None and before.taken
    intent = Intent(run=run, at=at, began=began, repeated=before is not None, taken=taken)
    return _with_effect(latch, effect, intent)


def answered(
    latch: Latch, run: int, effect: Effect, operation_url: str | None, correlation_id: str | None
) -> Latch | Halt:
    """Azure took the write that this run intended."""
    intent = latch.effects.get(effect)
    if intent is None or intent.run != run:
        return Halt.SUPERSEDED
    reply = {"taken": True, "operation_url": operation_url, "correlation_id": correlation_id}
    return _with_effect(latch, effect, intent.model_copy(update=reply))


def take_back(latch: Latch, run: int, effect: Effect) -> Latch | Halt:
    """Azure said that it did not do what this run intended, and nothing that was sent before can have arrived."""
    intent = latch.effects.get(effect)
    if intent is None or intent.run != run or intent.repeated:
        return Halt.SUPERSEDED
    effects = {name: intended for name, intended in latch.effects.items() if name != effect}
    return latch.model_copy(update={"effects": effects})


def give_back(latch: Latch, run: int, lapsed: Intent, at: datetime) -> Latch | Halt:
    """A later run has seen, after the time in which an earlier one can have sent it, that the DELETE never came: the
    deletion is nobody's again, and whoever cancels or rejects is not too late."""
    if latch.finished:
        return Halt.ENDED
    after = lapsed.lapses_at
    if run != latch.run or lapsed.run == run or latch.deletion != lapsed:
        return Halt.SUPERSEDED
    if after is None or at <= after:
        return Halt.TOO_LATE
    effects = {name: intent for name, intent in latch.effects.items() if name != Effect.DELETION}
    return latch.model_copy(update={"effects": effects})


def drop_name(latch: Latch, run: int) -> Latch | Halt:
    """Somebody else has the version's name, so no PUT of ours under it was ever taken: the next name begins anew."""
    if halt := latch.halt(run):
        return halt
    effects = {name: intent for name, intent in latch.effects.items() if name != Effect.VERSION}
    return latch.model_copy(update={"effects": effects})


def settle(latch: Latch, run: int, verdict: Verdict, asked: int = 1) -> Latch | Halt:
    """A run has judged the approval that was asked for the `asked`-th time; the first verdict holds for good, but for
    an approval that somebody rejects, or that is void."""
    if latch.asked != asked:
        return Halt.SUPERSEDED
    if latch.verdict is None:
        return latch.halt(run) or latch.model_copy(update={"verdict": verdict})
    if verdict.state is not ApprovalState.REJECTED:
        return latch
    held = reject(latch, verdict)
    return latch if isinstance(held, Halt) else held


def ask_again(latch: Latch, run: int, after: int) -> Latch | Halt:
    """The approval of the `after`-th asking is void, as something has changed: it is asked again. A rejection stands,
    and so does what a DELETE was sent for."""
    if halt := latch.halt(run):
        return halt
    if latch.asked != after or latch.deletion or not latch.approved:
        return latch
    return latch.model_copy(update={"verdict": None, "asked": after + 1})


def reject(latch: Latch, verdict: Verdict) -> Latch | Halt:
    """Somebody rejects what was approved, also when it has just become void: possible until the DELETE is about to be
    sent."""
    if latch.finished:
        return Halt.ENDED
    if latch.deletion:
        return Halt.TOO_LATE
    void = latch.verdict is None and latch.asked > 1
    return latch.model_copy(update={"verdict": verdict}) if latch.approved or void else latch


def cancel(latch: Latch, at: datetime, by: Actor | None = None) -> Latch | Halt:
    """Somebody cancels: possible until the DELETE is about to be sent."""
    if latch.cancelled_at:
        return latch
    if latch.finished:
        return Halt.ENDED
    if latch.deletion:
        return Halt.TOO_LATE
    return latch.model_copy(update={"cancelled_at": at, "cancelled_by": by})


def finish(latch: Latch, run: int, finished: MigrationResult) -> Latch | Halt:
    """A run has come to its end; the first outcome holds for good, and a cancellation that was accepted holds too."""
    if run != latch.run:
        return Halt.SUPERSEDED
    if latch.finished:
        return latch
    if latch.cancelled_at and finished.outcome is Outcome.COMPLETED:
        fate = finished.result.get("image")
        reason = f"cancelled while it was finishing; the image is {fate}"
        cancelled = {"outcome": Outcome.CANCELLED, "reason": reason}
        finished = finished.model_copy(update=cancelled)
    return latch.model_copy(update={"finished": finished})


def close(latch: Latch, seen: Latch, finished: MigrationResult) -> Latch | Halt:
    """The sweep ends a migration that cannot go on, if nothing has happened since it looked."""
    return latch.model_copy(update={"finished": finished}) if latch == seen else Halt.SUPERSEDED


def restart(latch: Latch, seen: Latch, start: Restart) -> Latch | Halt:
    """The sweep starts the next run, if nothing has happened since it looked: of two sweeps one wins."""
    if latch != seen or latch.finished:
        return Halt.SUPERSEDED
    restarts = (*latch.restarts, start)[-MOST_RESTARTS_KEPT:]
    return latch.model_copy(update={"run": start.run, "restarts": restarts})


def stop(latch: Latch, seen: Latch) -> Latch | Halt:
    """The sweep is about to terminate an orchestration that hangs; nobody else's termination is undone."""
    if latch != seen or latch.finished:
        return Halt.SUPERSEDED
    return latch.model_copy(update={"stopped_run": latch.run})


# The timeline has them all.
MOST_RESTARTS_KEPT = 50


def _with_effect(latch: Latch, effect: Effect, intent: Intent) -> Latch:
    return latch.model_copy(update={"effects": {**latch.effects, effect: intent}})
