"""The sweep's decision about an orchestration without an outcome: start it again, leave it, or end it.

An orchestration dies when the worker dies during one of its turns, and nothing is lost by that (docs/operations.md,
"When an orchestration dies"). What a person did to it, terminate or suspend, is nobody's accident and is respected.
"""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from domain.migration.latch import MigrationResult, Restart
from domain.migration.recorded import Snapshot
from domain.migration.stages import (
    AFTER_REPLICATION,
    WITH_VERSION,
    ImageFate,
    Outcome,
    outcome_of_a_stop,
)

LONGEST_TIMER = timedelta(days=1)
HANGS_AFTER = LONGEST_TIMER + timedelta(hours=1)
LONGEST_DELAY = timedelta(hours=1)
# In first delays, ten minutes by default: two sweeps of the others.
OTHERS_FIRST = 10
LONGEST_TEXT = 500
_DOUBLINGS = 12
# The extension's own words for an orchestration that was begun on other code (host.json: Strict, Fail).
OTHER_CODE = "VersionMismatch"
_CONFIDENTIAL = (
    r"""(?i)(\bbearer\s+|[\w-]*(?:sig|code|key|token|secret|password|signature)["']?\s*[=:]\s*["']?)"""
    r"""[^&\s"',;}]+"""
)


class Runtime(StrEnum):
    """The state of an orchestration in the extension's words; `missing`: it knows none of that id."""

    PENDING = "Pending"
    RUNNING = "Running"
    CONTINUED = "ContinuedAsNew"
    SUSPENDED = "Suspended"
    COMPLETED = "Completed"
    FAILED = "Failed"
    TERMINATED = "Terminated"
    CANCELED = "Canceled"
    MISSING = "missing"


ENDED_BY_A_PERSON = frozenset({Runtime.TERMINATED, Runtime.CANCELED})
ENDED = ENDED_BY_A_PERSON | {Runtime.COMPLETED, Runtime.FAILED}
UNDER_WAY = frozenset({Runtime.PENDING, Runtime.RUNNING, Runtime.CONTINUED})


class OrchestrationState(NamedTuple):
    """One orchestration, as the extension tells it. `superseded`: it ended because a later run stands."""

    runtime: Runtime
    text: str = ""
    updated_at: datetime | None = None
    superseded: bool = False


class RestartPolicy(NamedTuple):
    """The number of times that a migration is started again without moving on, and the first delay. `version`: what
    this host gives to the orchestrations that it starts (host.json's `defaultVersion`)."""

    limit: int
    delay: timedelta
    version: str = ""


class StartAgain(NamedTuple):
    """Write this down, then start it under its id."""

    start: Restart


class EndIt(NamedTuple):
    """It cannot or may not go on: write this end."""

    finished: MigrationResult


class Report(NamedTuple):
    """Write down this warning, and leave it."""

    warning: str


class Ended(NamedTuple):
    """It cannot or may not go on: `how` it ended, and the extension's words."""

    how: str
    text: str


class Course(NamedTuple):
    """The runs of something that the sweep watches, a migration or a restore. `mark`: how far it has come."""

    started: bool
    run: int
    stopped_run: int
    restarts: tuple[Restart, ...]
    mark: str


class Step(StrEnum):
    """A decision that needs no more than its name. Begin: it was never started. Terminate: it hangs; write down that
    the app itself ends it, then do. Leave: nothing is to be done now."""

    BEGIN = "begin"
    TERMINATE = "terminate"
    LEAVE = "leave"


Decision = Step | StartAgain | EndIt | Report
Judgement = Step | StartAgain | Ended | Report


def judge_orchestration(
    snapshot: Snapshot,
    parent: OrchestrationState,
    children: tuple[OrchestrationState, ...],
    now: datetime,
    policy: RestartPolicy,
) -> Decision:
    """Decide what to do about a migration without an outcome."""
    judged = judge_course(course_of(snapshot), parent, children, now, policy)
    if isinstance(judged, Ended):
        return EndIt(implied_end(snapshot, judged.how, judged.text, now))
    return judged


def course_of(snapshot: Snapshot) -> Course:
    """The runs of a migration."""
    latch, mark = snapshot.latch, progress_mark(snapshot)
    return Course(snapshot.started, latch.run, latch.stopped_run, latch.restarts, mark)


def judge_course(
    course: Course,
    parent: OrchestrationState,
    children: tuple[OrchestrationState, ...],
    now: datetime,
    policy: RestartPolicy,
) -> Judgement:
    """Decide what to do about the orchestration of something that has no outcome."""
    if parent.runtime is Runtime.MISSING and not course.started:
        return Step.BEGIN
    if _suspended(parent, children):
        return Report("The orchestration is suspended and stands still until somebody resumes it.")
    if parent.runtime in UNDER_WAY:
        return Step.TERMINATE if _hangs(parent, children, now) else Step.LEAVE
    if course.stopped_run != course.run and _ended_by_a_person(parent, children):
        return Ended("was terminated", parent.text)
    if parent.runtime is Runtime.COMPLETED and not parent.superseded:
        return Ended("ended without an outcome", "")
    return _again(course, parent, now, policy)


def _suspended(parent: OrchestrationState, children: tuple[OrchestrationState, ...]) -> bool:
    """Itself, or the child that it waits for: a person's doing, which would look like hanging in a day."""
    if parent.runtime is Runtime.SUSPENDED:
        return True
    suspended = any(child.runtime is Runtime.SUSPENDED for child in children)
    return parent.runtime in UNDER_WAY and suspended


def _hangs(
    parent: OrchestrationState, children: tuple[OrchestrationState, ...], now: datetime
) -> bool:
    moments = [seen.updated_at for seen in (parent, *children) if seen.updated_at]
    return bool(moments) and now - max(moments) > HANGS_AFTER


def _ended_by_a_person(
    parent: OrchestrationState, children: tuple[OrchestrationState, ...]
) -> bool:
    """Its own end, or that of the child it died of."""
    if parent.runtime in ENDED_BY_A_PERSON:
        return True
    return parent.runtime is Runtime.FAILED and any(
        child.runtime in ENDED_BY_A_PERSON for child in children
    )


def _again(
    course: Course, parent: OrchestrationState, now: datetime, policy: RestartPolicy
) -> StartAgain | Ended | Step:
    """Counted since the record last moved on, and ever more rarely."""
    in_a_row = _since(course)
    how = "hung" if course.stopped_run == course.run else _HOW.get(parent.runtime, "ended")
    if sum(restart.counted for restart in in_a_row) >= policy.limit:
        return Ended(f"{how}, {policy.limit} times without coming further", parent.text)
    other_code = OTHER_CODE in parent.text
    if in_a_row and now < in_a_row[-1].at + _pause(in_a_row, policy, other_code=other_code):
        return Step.LEAVE
    text = for_people(parent.text)
    return StartAgain(
        Restart(
            run=course.run + 1,
            at=now,
            cause=f"its orchestration {how}{f' ({text})' if text else ''}",
            mark=course.mark,
            counted=not other_code,
            version=policy.version,
        )
    )


_HOW = {Runtime.FAILED: "failed", Runtime.MISSING: "vanished", Runtime.COMPLETED: "was replaced"}


def _pause(in_a_row: list[Restart], policy: RestartPolicy, *, other_code: bool) -> timedelta:
    """The pause since the last restart. While two versions run side by side, what one starts the other's code may end:
    a host whose own version did not hold lets hosts of other versions try first."""
    delay = delay_after(len(in_a_row), policy.delay)
    mine = policy.version and in_a_row[-1].version == policy.version
    return delay + OTHERS_FIRST * policy.delay if other_code and mine else delay


def delay_after(restarts: int, first: timedelta) -> timedelta:
    """Return the pause before the next restart, after that many in a row."""
    doublings: int = min(restarts - 1, _DOUBLINGS)
    return min(first * (1 << doublings), LONGEST_DELAY)


def _since(course: Course) -> list[Restart]:
    """The last restarts between which nothing moved on."""
    restarts: list[Restart] = []
    for restart in reversed(course.restarts):
        if restart.mark != course.mark:
            break
        restarts.insert(0, restart)
    return restarts


def progress_mark(snapshot: Snapshot) -> str:
    """Changes when the migration moves on: stage, regions, rulings, what was sent, lines other than of restarts."""
    latch = snapshot.latch
    seen = (
        snapshot.state.stage.value,
        [(region.name, region.state, region.progress) for region in snapshot.regions],
        sorted(snapshot.rulings),
        sorted((effect.value, bool(i.operation_url)) for effect, i in latch.effects.items()),
        [entry.step for entry in snapshot.state.timeline if not entry.step.startswith("restart")],
    )
    return sha256(repr(seen).encode()).hexdigest()[:16]


def implied_end(snapshot: Snapshot, how: str, text: str, now: datetime) -> MigrationResult:
    """The end that the records imply for a migration whose orchestration will not go on."""
    latch, stage = snapshot.latch, snapshot.state.stage
    usable = stage in AFTER_REPLICATION
    fate = ImageFate.UNKNOWN if latch.deletion else snapshot.state.image
    stopped = outcome_of_a_stop(usable=usable, deletion=snapshot.wants_deletion)
    outcome = Outcome.CANCELLED if latch.cancelled_at else stopped
    cause = for_people(text)
    reason = f"the orchestration {how}{f' ({cause})' if cause else ''}; the image is {fate}; "
    advice = "look at the version and start again"
    if fate is ImageFate.UNKNOWN:
        advice = "a deletion may have been sent: look at the image yourself"
    return MigrationResult(
        outcome=outcome,
        reason=f"cancelled; {reason.removesuffix('; ')}" if latch.cancelled_at else reason + advice,
        at=now,
        result=snapshot.result(fate, version_ready=usable, version_named=stage in WITH_VERSION),
    )


def for_people(text: str) -> str:
    """The extension's words for people: one line, cut, without what looks like a secret."""
    line = re.sub(_CONFIDENTIAL, r"\1…", " ".join(text.split()))
    return line if len(line) <= LONGEST_TEXT else line[:LONGEST_TEXT] + "…"
