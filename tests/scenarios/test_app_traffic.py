"""The emulator's answers to the app itself, in a whole migration, keep to the same rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from localcloud.arm.server.observing import VARIABLE, Tape
from localcloud.testing.figures import tell
from packages.localcloud.tests.arm.spec.judging import judge
from packages.localcloud.tests.arm.spec.protocol import RULES
from packages.localcloud.tests.arm.spec.swagger import require_validator
from tests.scenarios.conftest import a_cloud, add_gallery


def test_a_migration_keeps_to_the_specification(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the plan to the deleted image no request and no answer breaks the swagger or a rule."""
    require_validator()
    tape = tmp_path / "exchanges.jsonl"
    monkeypatch.setenv(VARIABLE, str(tape))
    with a_cloud(tmp_path) as cloud:
        add_gallery(cloud)
        migration = cloud.begin("judged")
        cloud.advance_to_stage("approval", migration)
        assert cloud.decide(migration).status == 200
        (ended,) = cloud.finish(migration)
    assert ended["outcome"] == "completed"
    assert "bearer" not in tape.read_text().lower(), "a tape holds no tokens"
    seen = [exchange for exchange in Tape.read(tape) if exchange.fault is None]
    broken = [
        f"{e.method} {e.url}: {fault}" for e in seen for r in RULES for fault in r(e) if fault
    ]
    assert not broken, "\n".join(broken)
    judged = judge(seen, tmp_path / "swagger")
    tell(f"one migration: {judged.figure()}")
    assert judged.verdicts
    assert not judged.faults(), "\n".join(judged.faults())
