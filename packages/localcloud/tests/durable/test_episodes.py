"""The emulated extension against what the real one did: history and reply in, next events out."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from localcloud.durable.history import Event, Execution, Kind
from localcloud.durable.shim import Reply, replay
from localcloud.durable.turn import take

KIT = Path(__file__).parents[5] / "shared" / "durable"
if not (KIT / "episodes.py").is_file():
    pytest.skip("the recordings are not there (../shared/durable)", allow_module_level=True)
sys.path.insert(0, str(KIT))
episodes: Any = __import__("episodes")

# The ids of entity calls are made otherwise; the recorded answers are named by the recorded ids.
OWN_IDS = {"entities-61-to-63", "entities-63-to-65"}


def default_version(app: str) -> str | None:
    host = json.loads((episodes.APPS / app / "host.json").read_text())
    version: str | None = host["extensions"]["durableTask"].get("defaultVersion")
    return version


def knows(_kind: str, name: str) -> bool:
    """All functions but those that the scenarios misname on purpose."""
    return not name.startswith("nosuch")


def advance(history: list[Event], reply: dict[str, Any], version: str | None) -> list[Event]:
    """Return the events that the reply leads to; none, if the first turn of a generation brings nothing new."""
    who = Execution.of(history)
    outcome = replay(history, Reply(reply), knows, version)
    turn = take(outcome.decisions, who, datetime.now(UTC))
    first = history[-1]["EventType"] == Kind.OrchestratorCompleted
    return [] if first and len(turn.events) == 1 else turn.events


@pytest.mark.parametrize("pair", episodes.pairs(episodes.load()), ids=str)
def test_a_reply_leads_to_the_recorded_events(pair: Any) -> None:
    """Kinds, ids, names, versions and order of the events are those of the real extension."""
    if str(pair) in OWN_IDS:
        pytest.skip("the ids of entity calls are made otherwise")
    version = default_version(pair.first.app)
    differences = episodes.check_advance(
        lambda history, reply: advance(history, reply, version), pair
    )
    assert differences == []
