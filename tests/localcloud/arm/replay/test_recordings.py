"""Recorded traffic of Azure, sent again to the emulator, gets the recorded answers.

`RECORDINGS` may name another folder of recordings (searched below for yaml and json files).
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.figures import tell
from tests.localcloud.arm.replay.player import Outcome, Player
from tests.localcloud.arm.spec.background import MovableTime, running_cloud

SHARED = Path(__file__).resolve().parents[5] / "shared" / "arm" / "recordings"
FOLDER = Path(os.environ.get("RECORDINGS", SHARED))
WANTED = 0.99


def recordings() -> list[Path]:
    """The azure-cli and azure-sdk-for-python recordings, or all of a folder named by hand."""
    found = sorted(p for p in FOLDER.rglob("*") if p.suffix in (".yaml", ".json"))
    return found if "RECORDINGS" in os.environ else [p for p in found if _of_azure_python(p)]


def _of_azure_python(path: Path) -> bool:
    return path.suffix == ".yaml" or "azure-sdk-for-python" in str(path)


def play(path: Path, state: Path) -> Outcome:
    """One recording against a cloud of its own."""
    time = MovableTime()

    def advance(seconds: float) -> None:
        time.advance(seconds=seconds)

    with running_cloud(state, time) as cloud:
        return Player(cloud, advance).play(path)


def report(outcomes: list[Outcome]) -> str:
    """Counts per recording, what was left out and why, and every disagreement."""
    lines = [f"  {o.recording}: {o.agreeing} of {o.compared} agree" for o in outcomes]
    reasons: Counter[str] = Counter()
    for outcome in outcomes:
        reasons.update(outcome.left_out)
    lines += [f"  left out {count:4d}: {reason}" for reason, count in reasons.most_common()]
    lines += [f"  left out and refused: {line}" for o in outcomes for line in o.refused]
    lines += [f"  disagrees: {line}" for o in outcomes for line in o.disagreements]
    return "\n".join(lines)


@pytest.mark.skipif(not FOLDER.exists(), reason=f"needs the recordings in {FOLDER.name}")
def test_recorded_exchanges_agree(tmp_path: Path) -> None:
    """At least 99 % of the exchanges that are compared agree in status, headers and body."""
    outcomes = [play(path, tmp_path / path.stem[:40]) for path in recordings()]
    compared = sum(outcome.compared for outcome in outcomes)
    share = sum(outcome.agreeing for outcome in outcomes) / compared
    tell(f"recorded exchanges that agree: {share:.1%} of {compared}\n{report(outcomes)}")
    assert share >= WANTED
