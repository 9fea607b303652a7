"""The check that the answers to clients keep to the specification. Their requests are their own affair."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from localcloud.arm.protocol.call import Exchange
from localcloud.testing.figures import tell
from packages.localcloud.tests.arm.spec.judging import judge
from packages.localcloud.tests.arm.spec.protocol import RULES
from packages.localcloud.tests.arm.spec.swagger import require_validator


def keeps_to_the_specification(client: str, seen: Sequence[Exchange], directory: Path) -> None:
    """Fails where an answer breaks a recorded rule or the swagger; skips where oav cannot run.

    The swagger is copied to `directory`.
    """
    broken = [
        f"{exchange.method} {exchange.url} {exchange.status}: {fault}"
        for exchange in seen
        for rule in RULES
        for fault in rule(exchange)
        if fault
    ]
    assert not broken, "\n".join(broken)
    require_validator()
    judged = judge(seen, directory)
    tell(f"{client}: {len(seen)} exchanges; {judged.figure()}")
    assert judged.verdicts
    faults = [fault for fault in judged.faults() if "half='request'" not in fault]
    assert not faults, "\n".join(faults)
