"""Workers that die with turns in flight, and hosts, on a host in real time.

1. Calm: two migrations of each kind. Their statuses must be equal but for chance: they are the twins of all others.
2. Deaths: ten migrations at a time. The worker is stopped when one of them is in the stage that was met least, every
   orchestration gets an event, so that a turn of each is in flight, and the worker is killed. A share of the deaths
   is the whole host's. A host that ended by itself is started again.
3. Nothing dies any more, until everything has ended. What is known is looked at by the checker and compared with the
   twins.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta

from pydantic import TypeAdapter

from tests.crash import workers
from tests.crash.checker import Kind as Broken
from tests.crash.checker import Violation, violations
from tests.crash.crowd import Crowd
from tests.crash.deaths import (
    FIRST_STAGES,
    IN_FLIGHT,
    KINDS,
    NEWCOMERS,
    RULES,
    STAGES,
    Death,
    Kind,
    Who,
    deaths,
    fleet,
    intent_of,
    kind_of,
)
from tests.crash.evidence import Json
from tests.crash.intents import Intent
from tests.crash.real_cloud import RealCloud
from tests.crash.twins import (
    APPROVAL_TIMEOUT,
    differences,
    lost_answers,
    most_telling,
    restarts,
    twin_form,
    without_lost_answers,
)

_SPAN = TypeAdapter(timedelta)
# The delay between two restarts doubles: what died ten times in one stage is started again after a quarter of an hour.
TWIN_SECONDS, END_SECONDS = 600.0, 1800.0
# So that all of it takes less than 45 minutes.
DEATHS_SECONDS = 25 * 60.0
# From an outcome to the line that tells it.
SETTLED_SECONDS = 60.0
# A death waits for so long for a migration in the stage that it wants.
STAGE_SECONDS = 40.0
# Until the extension has handed all that is due to the worker.
DUE_SECONDS = 3.0
# Until the extension has written that an orchestration failed.
FAILED_SECONDS = 3.0


@dataclass
class Seen:
    """The figures of a run, by stage but for `died`.

    kills: how many deaths met a migration in it. met: how many migrations they met. failed: how many orchestrations
    ended as Failed after that. again: how many restarts are in the timelines. lost_answers: correlation ids that are
    missing in results, because the answer died with its reader.
    """

    died: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    again: Counter[str] = field(default_factory=Counter)
    lost_answers: int = 0
    stage_of: dict[str, str] = field(default_factory=dict)
    known_failed: set[tuple[str, str]] = field(default_factory=set)


class WorkerKills:
    """One run on one cloud. `tell`: where its progress goes."""

    def __init__(self, cloud: RealCloud, seed: int, tell: Callable[[str], None]) -> None:
        self.seen = Seen()
        self.migrations = 0
        self._cloud, self._tell, self._seed = cloud, tell, seed
        self._fleet = fleet(seed)
        self._twins: dict[Kind, Json] = {}

    def run(self, kills: int) -> list[Violation]:
        """Run it and return the violations."""
        self._cloud.arm("POST", "/faults", {"rules": list(RULES)})
        with Crowd(self._cloud) as crowd:
            self._calm(crowd)
            planned = deaths(self._seed, kills)
            dealt = self._deal(crowd, planned)
            self._await_ends(crowd)
        evidence = replace(crowd.evidence(), notices=self._cloud.notices())
        self.migrations = len(evidence.accepted)
        broken = [*violations(evidence), *self._different(crowd), *self._missed()]
        if dealt < len(planned):
            text = f"{dealt} of {len(planned)}; the time was over"
            broken.append(Violation(Broken.MISSED, "deaths", text))
        return broken

    # -- calm ---------------------------------------------------------------------------------------------------

    def _calm(self, crowd: Crowd) -> None:
        pairs = {
            kind: [intent_of(kind, f"{n}-{i}-twin") for i in (1, 2)] for n, kind in enumerate(KINDS)
        }
        crowd.add(intent for pair in pairs.values() for intent in pair)
        _wait(
            lambda: not crowd.waiting and not crowd.unsettled, "all twins have ended", TWIN_SECONDS
        )
        for kind, pair in pairs.items():
            first, second = (form_of(crowd, intent) for intent in pair)
            if different := list(differences(first, second)):
                raise AssertionError(f"two undisturbed migrations of {kind} differ: {different}")
            self._twins[kind] = first

    # -- deaths -------------------------------------------------------------------------------------------------

    def _deal(self, crowd: Crowd, planned: Sequence[Death]) -> int:
        """Return the number of deaths that there was time for."""
        end = time.monotonic() + DEATHS_SECONDS
        for number, death in enumerate(planned):
            if time.monotonic() > end:
                return number
            who = self._die(crowd, death)
            self._tell(f"  {number + 1}: {who}; in flight then: {self._stages()}")
        return len(planned)

    def _die(self, crowd: Crowd, death: Death) -> Who:
        """Return the process that died: without a worker of its own, the host."""
        self._fill(crowd)
        time.sleep(death.pause)
        self._meet_rare_stage(crowd)
        worker = self._cloud.worker
        who = Who.HOST if death.who is Who.WORKER and not worker else death.who
        if who is Who.WORKER:
            self._kill_worker(crowd, worker)
        else:
            self._look(crowd)
            self._cloud.stop_host(signal.SIGTERM if who is Who.ENDED else signal.SIGKILL)
            self._cloud.start()
        self.seen.died[who] += 1
        end = time.monotonic() + FAILED_SECONDS
        # Counted before they are started again.
        while time.monotonic() < end:
            self._count_failed()
            time.sleep(0.3)
        if self._cloud.mend():
            self.seen.died["host ended by itself"] += 1
        self._count_failed()
        return who

    def _kill_worker(self, crowd: Crowd, worker: int) -> None:
        workers.stop(worker)
        self._look(crowd)
        with ThreadPoolExecutor() as threads:
            list(threads.map(self._cloud.nudge, self.seen.stage_of))
        time.sleep(DUE_SECONDS)
        workers.kill(worker)

    def _fill(self, crowd: Crowd) -> None:
        """Ten migrations in flight, all of them begun."""
        self._top_up(crowd)
        _wait(lambda: len(crowd.in_flight) >= crowd.waiting, "all were begun", TWIN_SECONDS)

    def _top_up(self, crowd: Crowd) -> None:
        crowd.add(next(self._fleet) for _ in range(IN_FLIGHT - crowd.waiting))

    def _meet_rare_stage(self, crowd: Crowd) -> None:
        """Wait until a migration is in the stage that was met least, but not for ever."""
        rarest = min(STAGES, key=lambda stage: self.seen.kills[stage])
        if rarest in FIRST_STAGES:
            crowd.add(next(self._fleet) for _ in range(NEWCOMERS))
        end = time.monotonic() + STAGE_SECONDS
        while time.monotonic() < end:
            self._top_up(crowd)
            if any(self._stage(migration) == rarest for migration in crowd.in_flight):
                return
            time.sleep(0.2)

    def _look(self, crowd: Crowd) -> None:
        """Remember in which stage everything is now."""
        stages = {migration: self._stage(migration) for migration in crowd.in_flight}
        self.seen.stage_of = {m: stage for m, stage in stages.items() if stage in STAGES}
        self.seen.met += Counter(self.seen.stage_of.values())
        self.seen.kills += Counter(set(self.seen.stage_of.values()))

    def _stage(self, migration: str) -> str:
        return str(self._cloud.row(migration, "state").get("stage", "planning"))

    def _stages(self) -> str:
        return ", ".join(f"{s} {n}" for s, n in Counter(self.seen.stage_of.values()).items())

    def _count_failed(self) -> None:
        """Orchestrations that are Failed and were not before, by the stage that their migration died in."""
        new = set(self._cloud.failed()) - self.seen.known_failed
        self.seen.known_failed |= new
        for migration, stage in self.seen.stage_of.items():
            self.seen.failed[stage] += sum(i.startswith(migration) for i, _ in new)

    # -- ends ---------------------------------------------------------------------------------------------------

    def _await_ends(self, crowd: Crowd) -> None:
        """Everything has ended, or has had its time: then it is lost."""
        end = time.monotonic() + END_SECONDS
        while time.monotonic() < end and (crowd.waiting or self._cloud.open_migrations()):
            time.sleep(1)
            self._count_failed()
        end = time.monotonic() + SETTLED_SECONDS
        while time.monotonic() < end and crowd.unsettled:
            time.sleep(1)

    def _different(self, crowd: Crowd) -> Iterator[Violation]:
        for intent in crowd.intents:
            status = crowd.status(intent)
            if not status.get("outcome"):
                continue
            self.seen.again += Counter(restarts(status))
            twin, form = self._twins[kind_of(intent)], form_of(crowd, intent)
            if form["outcome"] == twin["outcome"]:
                self.seen.lost_answers += len(lost_answers(form, twin))
            for difference in most_telling(form, without_lost_answers(form, twin)):
                yield Violation(Broken.DIFFERENT, status["id"], f"{intent.wish}: {difference}")

    def _missed(self) -> Iterator[Violation]:
        if not self.seen.died[Who.WORKER]:
            yield Violation(Broken.MISSED, "deaths", "no worker: the host has none of its own")
            return
        for stage in STAGES:
            if not self.seen.again[stage]:
                yield Violation(Broken.MISSED, stage, f"met {self.seen.met[stage]} times")


def form_of(crowd: Crowd, intent: Intent) -> Json:
    """The status of an intent's migration without what is chance."""
    timeout = _SPAN.validate_python(intent.timeout) if intent.timeout else APPROVAL_TIMEOUT
    return twin_form(crowd.status(intent), intent.name, timeout)


def _wait(holds: Callable[[], object], what: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.5)
