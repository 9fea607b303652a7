"""The state machine of the proof: what hypothesis does to app and Azure, in any order."""

from __future__ import annotations

import sys
from typing import Any, ClassVar

from hypothesis import Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from demo.identities import DELETER, PUBLISHER
from tests.proof import people, plans
from tests.proof.changes import OWN, made_anew_now, mended
from tests.proof.conditions import Condition
from tests.proof.decisions import FLAWED, cancel, flawed, said_by
from tests.proof.driving import Driver
from tests.proof.holders import HOLDERS
from tests.proof.moving import FailedRunError, move
from tests.proof.world import Asked

APP = f"{PUBLISHER}|{DELETER}"
# Waited out by the app, and no reason to keep an image.
PASSING: list[dict[str, Any]] = [
    {"what": "status", "status": 503, "count": 3},
    {"what": "status", "status": 429, "retryAfter": 60, "count": 2},
    {"what": "reset", "count": 2},
    {"what": "reset", "when": "after", "count": 2},
    {"what": "status", "status": 500, "method": "DELETE", "count": 1},
    {"what": "reset", "when": "after", "method": "DELETE", "count": 1},
    {"what": "truncated", "method": "GET", "count": 1},
]
PLANS = st.sampled_from([*Condition, None, None, None, None, None, None])
RULES, ASKING = st.sampled_from([*people.RULES.values()]), st.sampled_from(people.ASKING)
WHO = st.sampled_from([*people.APPROVERS, people.SECRET])
SOME = st.integers(0, 7)


class Proof(RuleBasedStateMachine):
    """One run on a cloud that is emptied before; at its end every migration has come to its own."""

    driver: ClassVar[Driver]
    plans: ClassVar[list[Condition | None]] = []

    @initialize()
    @move
    def begin_run(self) -> None:
        """An empty Azure, in which some have asked already."""
        self.driver.begin_run()
        self.driver.report.begin_run()
        for _ in range(3):
            self._begin(None, people.QUIET, people.KEY)
        plans.begin(self.driver, None, people.AT_ONCE, people.KEY).wild = True

    @rule(plan=PLANS, rules=RULES, requester=ASKING)
    @move
    def ask(self, plan: Condition | None, rules: people.Rules, requester: str) -> None:
        """Somebody asks for a migration with a deletion."""
        self._begin(plan, rules, requester)

    @rule(rules=RULES, requester=ASKING)
    @move
    def ask_wildly(self, rules: people.Rules, requester: str) -> None:
        """Somebody asks, and chance decides what becomes of it."""
        plans.begin(self.driver, None, rules, requester).wild = True

    @rule(which=SOME)
    @move
    def follow(self, which: int) -> None:
        """One migration is carried to its end by its plan."""
        if asked := self._one(which):
            plans.follow(self.driver, asked)

    @rule(which=SOME, who=WHO, kind=st.sampled_from(["approve", "approve", "reject", "withdraw"]))
    @move
    def decide(self, which: int, who: str, kind: str) -> None:
        """Somebody decides, whether they may or not."""
        if asked := self._wild(which):
            said_by(self.driver, asked, who, kind)

    @rule(which=SOME)
    @move
    def ask_again(self, which: int) -> None:
        """Somebody asks again for what was kept: nothing that was said before counts."""
        kept = [each for each in self.driver.known.asked if each.wild and each.outcome == "kept"]
        if kept:
            plans.begin_again(self.driver, kept[which % len(kept)])

    @rule(which=SOME, holder=st.sampled_from(HOLDERS))
    @move
    def hold_a_key(self, which: int, holder: Any) -> None:
        """A holder of one of the other keys tries to get an image deleted with it."""
        if asked := self._wild(which):
            holder(self.driver, asked)

    @rule(requests=st.integers(0, 40))
    @move
    def die_in_between(self, requests: int) -> None:
        """All dies while time passes, after so many requests of the app's to Azure."""
        self.driver.die_after(requests)

    @rule(which=SOME, who=WHO, flaw=st.sampled_from(sorted(FLAWED)))
    @move
    def attack(self, which: int, who: str, flaw: Condition) -> None:
        """An approval with something wrong."""
        if asked := self._wild(which):
            flawed(self.driver, asked, who, flaw)

    @rule(which=SOME)
    @move
    def cancel(self, which: int) -> None:
        """Somebody cancels."""
        if asked := self._wild(which):
            cancel(self.driver, asked)

    @rule(which=SOME, change=st.sampled_from([*OWN.values(), made_anew_now]))
    @move
    def change(self, which: int, change: Any) -> None:
        """The world changes."""
        asked = self._wild(which)
        if asked and asked.asked_at and not asked.spoilt_world:
            asked.spoilt_world = True
            change(self.driver, asked)

    @rule(fault=st.sampled_from(PASSING))
    @move
    def disturb(self, fault: dict[str, Any]) -> None:
        """Azure misbehaves for a while."""
        self.driver.client.faults(fault | {"client": APP})

    @rule(duration=st.sampled_from(["PT1M", "PT10M", "PT30M", "PT1H"]))
    @move
    def wait(self, duration: str) -> None:
        """Time passes."""
        self.driver.advance(duration)

    @rule(kill=st.integers(0, 3))
    @move
    def kill(self, kill: int) -> None:
        """Now and then all dies."""
        if kill == 0:
            self.driver.restart(**self.driver.different)

    def teardown(self) -> None:
        """Everything comes to its end."""
        if not isinstance(sys.exception(), FailedRunError):
            self.finish()

    @move
    def finish(self) -> None:
        """Carry out what is planned, and see every migration to its end."""
        mended(self.driver)
        plans.finish(self.driver)

    def _wild(self, which: int) -> Asked | None:
        """One of those that chance alone does something to: what is planned shall fail for one thing."""
        wild = [each for each in self.driver.known.open() if each.wild]
        if not wild:
            rules = [*people.RULES.values()][which % len(people.RULES)]
            requester = people.ASKING[which % len(people.ASKING)]
            wild = [plans.begin(self.driver, None, rules, requester)]
            wild[0].wild = True
        return self._one(which, wild)

    def _one(self, which: int, among: list[Asked] | None = None) -> Asked | None:
        still_open = self.driver.known.open() if among is None else among
        return still_open[which % len(still_open)] if still_open else None

    def _begin(self, plan: Condition | None, rules: people.Rules, requester: str) -> None:
        planned = self.plans.pop(0) if self.plans else plan
        plans.begin(self.driver, planned, rules, requester)


def run(
    driver: Driver, number: int, examples: int, steps: int, planned: list[Condition | None] | None
) -> None:
    """Run the machine from a seed; `planned`: the plans of the first migrations, whatever chance says."""
    machine = type("Proof", (Proof,), {"driver": driver, "plans": planned or []})
    seed(number)(machine)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            database=None,
            deadline=None,
            # What fails is told at once: a run takes too long to look for a shorter one.
            phases=[Phase.generate],
            verbosity=Verbosity.normal,
        ),
    )
