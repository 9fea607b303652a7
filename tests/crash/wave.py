"""One wave: a cloud of its own, migrations in every stage, something dying or going wrong in every round.

When the wave's share of kills is used up, nothing disturbs it any more: the clock moves by days until every
migration has ended, and the checker looks at everything that is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.crash.callers import Callers
from tests.crash.checker import Kind, Violation, violations
from tests.crash.cloud import Cloud
from tests.crash.evidence import Json
from tests.crash.intents import Wish
from tests.crash.mishaps import bring_about, is_late, rules
from tests.crash.plan import CANCELS, STARTS, Round, SetBack, intents, plan_round

POLLING = {"REPLICATION_POLL_INTERVAL": "PT10M"}
CALM_STEPS = ("PT30M",) * 4 + ("P1D",) * 5
FAILING_REGION: Json = {
    "what": "replication",
    "outcome": "fail",
    "region": "westeurope",
    "path": f"kill-{Wish.FAIL.value}",
}


@dataclass(frozen=True)
class WaveReport:
    """The figures and violations of a wave. `stages`: the migrations' stages when the runtime died."""

    seed: int
    kills: int = 0
    migrations: int = 0
    found: Sequence[Violation] = ()
    stages: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: WaveReport) -> WaveReport:
        """Both, under this one's seed."""
        return WaveReport(
            self.seed,
            self.kills + other.kills,
            self.migrations + other.migrations,
            [*self.found, *other.found],
            self.stages + other.stages,
        )

    def count(self, *kinds: Kind) -> int:
        """Return the number of migrations and resources that have a violation of these kinds."""
        return len({violation.about for violation in self.found if violation.kind in kinds})


def run_wave(seed: int, kills: int) -> WaveReport:
    """Run it; violations are reported, not raised."""
    with Cloud(POLLING) as cloud:
        callers, stages, number = Callers(cloud), Counter[str](), 0
        while cloud.kills < kills:
            if callers.resting:
                callers.add(intents(seed, number))
            before = cloud.kills
            _disturbed(cloud, callers, plan_round(seed, number))
            stages += callers.stages if cloud.kills > before else Counter()
            number += 1
        _calm(cloud, callers, number + STARTS + CANCELS)
        broken = violations(callers.evidence())
        return WaveReport(seed, cloud.kills, len(callers.told), broken, stages)


def _disturbed(cloud: Cloud, callers: Callers, plan: Round) -> None:
    cloud.arm("POST", "/faults", {"rules": [FAILING_REGION]})
    cloud.advance(plan.lead)
    cloud.arm("POST", "/faults", {"rules": rules(plan.mishap)})
    with ThreadPoolExecutor(1) as thread:
        step = thread.submit(_step, cloud, callers, plan)
        bring_about(plan.mishap, cloud, step)
        if not cloud.alive:
            if not is_late(plan.mishap):
                # The calls that are held go on.
                cloud.arm("DELETE", "/faults")
            step.result()
            cloud.start()
        step.result()
    cloud.arm("DELETE", "/faults")


def _step(cloud: Cloud, callers: Callers, plan: Round) -> None:
    if not isinstance(plan.mishap, SetBack):
        callers.act(plan.number)
    cloud.advance(plan.advance)


def _calm(cloud: Cloud, callers: Callers, number: int) -> None:
    cloud.arm("POST", "/faults", {"rules": [FAILING_REGION]})
    for advance in CALM_STEPS:
        callers.act(number)
        if callers.done:
            break
        cloud.advance(advance)
    # The sweep finishes what a death left half done.
    cloud.advance("PT15M")
