"""A restore as it lies in the records: one row, which every run of its orchestration is held against.

Every function is a change of that row, as those of `domain/migration/latch.py` are: the row as it shall be, or the Halt
that says why nothing may be done.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from pydantic import Field

from domain.callers.actors import Actor
from domain.ids import ComputeId
from domain.migration.lapses import LAPSES_AFTER
from domain.migration.latch import MOST_RESTARTS_KEPT, Halt, Intent, Restart
from domain.migration.limits import Limits
from domain.values import Json, Message

IMAGE = "image"


class Source(StrEnum):
    """The place that the image's content comes from; the wire values of `from`."""

    VERSION = "version"


class RestoreState(StrEnum):
    """The state of a restore; the wire values of `restore.state`."""

    RUNNING = "running"
    RESTORED = "restored"
    FAILED = "failed"


class Write(Intent):
    """A write that was about to be sent. `answered`: Azure took it, so it is not on its way any more."""

    answered: bool = False

    @property
    def may_come(self) -> bool:
        """True if one was sent of which nobody knows whether it has arrived."""
        return self.repeated or not self.answered


class TemporaryDisk(Message):
    """A disk that is made on the way, and the body of its PUT. `lun`: none of the disk with the system."""

    disk: ComputeId
    lun: int | None = None
    size_gb: int | None = None
    body: Json


class RestorePlan(Message):
    """Everything that will be sent. `published`: when the version was published that the disks are made of."""

    image: ComputeId
    image_body: Json
    disks: tuple[TemporaryDisk, ...] = ()
    version_id: str = ""
    published: str = ""


class RestoreEnd(Message):
    """The end of a restore. `differences`: of the image from the recipe; `left`: disks that could not be deleted."""

    state: RestoreState
    reason: str
    at: datetime
    differences: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


class Restore(Message):
    """One restore: what was accepted, the plan, the run that counts, what was sent, how it ended.

    `settled`: what became of the image; from then on only the disks are cleaned up. `unique_ids`: Azure's, of the disks
    that were made, by name. `writes`: by `make_key`, `delete_key` and `IMAGE`. `seal` proves what was accepted
    (`services/seals.py`).
    """

    migration: str
    attempt: int
    source: Source = Source.VERSION
    requester: Actor
    accepted_at: datetime
    limits: Limits = Field(default_factory=Limits)
    plan: RestorePlan
    started: bool = False
    run: int = 1
    restarts: tuple[Restart, ...] = ()
    stopped_run: int = 0
    writes: dict[str, Write] = {}
    unique_ids: dict[str, str] = {}
    settled: RestoreEnd | None = None
    finished: RestoreEnd | None = None
    seal: str | None = None

    @property
    def state(self) -> RestoreState:
        """The state, as people are told it."""
        return self.finished.state if self.finished else RestoreState.RUNNING

    def halt(self, run: int) -> Halt | None:
        """Return why a step of this run may do nothing, or None when it may go on."""
        if self.finished:
            return Halt.ENDED
        return Halt.SUPERSEDED if run != self.run else None

    @property
    def begun_disks(self) -> tuple[TemporaryDisk, ...]:
        """The disks whose PUT may have been sent: none else is ours."""
        return tuple(disk for disk in self.plan.disks if make_key(disk.disk.name) in self.writes)

    @property
    def arrived_by(self) -> datetime | None:
        """The time until which a disk may still come that a dead run was about to make; None if none was."""
        unsure = [
            write.at + LAPSES_AFTER
            for key, write in self.writes.items()
            if key.startswith(_MAKE) and write.may_come
        ]
        return max(unsure, default=None)

    def may_come_again(self, disk: TemporaryDisk) -> bool:
        """Return True if a PUT of the disk may be on its way, or has come late."""
        write = self.writes.get(make_key(disk.disk.name))
        return write is not None and write.may_come

    @property
    def mark(self) -> str:
        """Changes when the restore moves on."""
        sent = sorted((key, intent.answered) for key, intent in self.writes.items())
        seen = (sent, sorted(self.unique_ids), self.settled is not None)
        return sha256(repr(seen).encode()).hexdigest()[:16]


def newest(restores: Iterable[Restore]) -> Restore | None:
    """The attempt that counts: the last one."""
    return max(restores, key=lambda restore: restore.attempt, default=None)


_MAKE = "make "
make_key = "make {}".format
"""The write that makes a disk, by its name."""
delete_key = "delete {}".format
"""The write that deletes it again."""


def intend(restore: Restore, run: int, key: str, at: datetime) -> Restore | Halt:
    """A run is about to send a write; the last thing before it does."""
    if halt := restore.halt(run):
        return halt
    before = restore.writes.get(key)
    began = before.began if before else at
    intent = Write(run=run, at=at, began=began, repeated=before is not None)
    return _with_write(restore, key, intent)


def answered(
    restore: Restore, run: int, key: str, operation_url: str | None, correlation_id: str | None
) -> Restore | Halt:
    """Azure took the write that this run intended."""
    intent = restore.writes.get(key)
    if intent is None or intent.run != run:
        return Halt.SUPERSEDED
    reply = {"operation_url": operation_url, "correlation_id": correlation_id, "answered": True}
    return _with_write(restore, key, intent.model_copy(update=reply))


def take_back(restore: Restore, run: int, key: str) -> Restore | Halt:
    """Azure said that it did not do what this run intended, and nothing that was sent before can have arrived."""
    intent = restore.writes.get(key)
    if intent is None or intent.run != run or intent.repeated:
        return Halt.SUPERSEDED
    writes = {name: intended for name, intended in restore.writes.items() if name != key}
    return restore.model_copy(update={"writes": writes})


def know(restore: Restore, run: int, unique_ids: dict[str, str]) -> Restore | Halt:
    """The disks are there: what Azure calls them, whatever is put under their names later."""
    if halt := restore.halt(run):
        return halt
    return restore.model_copy(update={"unique_ids": {**unique_ids, **restore.unique_ids}})


def settle(restore: Restore, run: int, end: RestoreEnd) -> Restore | Halt:
    """It is known what becomes of the image; the first word holds."""
    if halt := restore.halt(run):
        return halt
    return restore if restore.settled else restore.model_copy(update={"settled": end})


def finish(restore: Restore, run: int, at: datetime, left: tuple[str, ...]) -> Restore | Halt:
    """The disks are cleaned up, but for those `left`; the first end holds for good."""
    if run != restore.run or restore.settled is None:
        return Halt.SUPERSEDED
    if restore.finished:
        return restore
    end = restore.settled.model_copy(update={"at": at, "left": left})
    return restore.model_copy(update={"finished": end})


def close(restore: Restore, seen: Restore, end: RestoreEnd) -> Restore | Halt:
    """The sweep ends a restore that cannot go on, if nothing has happened since it looked."""
    return restore.model_copy(update={"finished": end}) if restore == seen else Halt.SUPERSEDED


def restart(restore: Restore, seen: Restore, start: Restart) -> Restore | Halt:
    """The sweep starts the next run, if nothing has happened since it looked: of two sweeps one wins."""
    if restore != seen or restore.finished:
        return Halt.SUPERSEDED
    restarts = (*restore.restarts, start)[-MOST_RESTARTS_KEPT:]
    return restore.model_copy(update={"run": start.run, "restarts": restarts})


def stop(restore: Restore, seen: Restore) -> Restore | Halt:
    """The sweep is about to terminate an orchestration that hangs."""
    if restore != seen or restore.finished:
        return Halt.SUPERSEDED
    return restore.model_copy(update={"stopped_run": restore.run})


def begin(restore: Restore) -> Restore:
    """Its orchestration exists: if it is missing later, it has vanished."""
    return restore.model_copy(update={"started": True})


def implied_end(restore: Restore, how: str, cause: str, now: datetime) -> RestoreEnd:
    """The end that the record implies for a restore whose orchestration will not go on."""
    left = tuple(disk.disk.text for disk in restore.begun_disks)
    told = f"the orchestration {how}{f' ({cause})' if cause else ''}"
    if restore.settled:
        reason = f"{restore.settled.reason}; {told} before the disks made on the way were gone"
        return restore.settled.model_copy(update={"reason": reason, "at": now, "left": left})
    sent = IMAGE in restore.writes
    fate = "the image may have been made: look at it" if sent else "the image was not made"
    reason = f"{told}; {fate}; ask for the restore again"
    return RestoreEnd(state=RestoreState.FAILED, reason=reason, at=now, left=left)


def _with_write(restore: Restore, key: str, intent: Write) -> Restore:
    return restore.model_copy(update={"writes": {**restore.writes, key: intent}})
