"""Runs migrations up to their boundaries, kills the runtime there, and carries them to their ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.crash.boundaries import SIDE_BY_SIDE, Boundary, Moment, boundaries
from tests.crash.callers import Callers
from tests.crash.checker import Violation, violations
from tests.crash.cloud import Cloud, until
from tests.crash.ending import ending
from tests.crash.evidence import Json
from tests.crash.intents import Intent, Wish
from tests.crash.mishaps import reached

CALM = "kill-00-calm-x"
# A busy machine takes its time until the last one is there.
BURST_SECONDS = 90.0
STEP, ROUNDS = "PT30M", 40


class BoundaryRun:
    """Migrations that die at their boundaries, all on one cloud.

    different: how the migrations ended that did not end as the one without crashes, by boundary.
    """

    def __init__(self, cloud: Cloud) -> None:
        self.different: dict[str, Json] = {}
        self.calm: Json = {}
        self._cloud = cloud
        # The order of their calls must not be chance.
        self._callers = Callers(cloud, doubling=False)

    def every_boundary(self) -> list[list[Boundary]]:
        """The boundaries of a migration that nothing disturbs, by burst."""
        self._callers.add([Intent(CALM, Wish.APPROVE)])
        marks: list[int] = []
        to_the_end(self._cloud, self._callers, lambda: marks.append(self._requests))
        evidence = self._callers.evidence()
        self.calm = ending(evidence, CALM)
        return boundaries(evidence.requests, CALM, marks)

    def die_at(self, burst: Sequence[Boundary]) -> None:
        """Kill the runtime at every one of these boundaries, of one burst, and go on to the end."""
        for start in range(0, len(burst), SIDE_BY_SIDE):
            members = burst[start : start + SIDE_BY_SIDE]
            self._die_in(members)
            evidence = self._callers.evidence()
            ends = {boundary: ending(evidence, boundary.name) for boundary in members}
            self.different |= {str(b): end for b, end in ends.items() if end != self.calm}

    def violations(self) -> list[Violation]:
        """The promises that were broken in all of it."""
        return violations(self._callers.evidence())

    @property
    def _requests(self) -> int:
        return len(self._cloud.arm("GET", "/requests")["requests"])

    def _die_in(self, members: Sequence[Boundary]) -> None:
        cloud, callers = self._cloud, self._callers
        callers.add(Intent(boundary.name, Wish.APPROVE) for boundary in members)
        cloud.arm("POST", "/faults", {"rules": [boundary.rule for boundary in members]})
        with ThreadPoolExecutor(1) as thread:
            driving = thread.submit(to_the_end, cloud, callers)
            everyone = f"all are at their boundary: {[str(b) for b in members]}"
            until(lambda: reached(cloud) >= len(members), everyone, BURST_SECONDS)
            cloud.kill()
            _release(cloud, late=False)
            driving.result()
        cloud.start()
        _release(cloud, late=True)
        cloud.arm("DELETE", "/faults")
        to_the_end(cloud, callers)


def to_the_end(
    cloud: Cloud, callers: Callers, after_step: Callable[[], object] = lambda: None
) -> None:
    """Let callers and clock take turns until every migration has ended or the runtime is dead."""
    for round_number in range(ROUNDS):
        callers.act(round_number)
        after_step()
        if callers.done or not cloud.alive:
            return
        cloud.advance(STEP)
        after_step()


def _release(cloud: Cloud, *, late: bool) -> None:
    """Let the calls go on that took effect, or those that come late."""
    held = cloud.arm("GET", "/faults")["held"]
    wanted = [h["id"] for h in held if (Moment.LATE.name.lower() in h["fault"]) is late]
    cloud.arm("POST", "/faults", {"release": wanted})
