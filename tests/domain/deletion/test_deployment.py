"""The deployment's own part of the gate: switched on, not stopped, and a clock that Azure's agrees with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.callers.actors import Actor, ActorKind
from domain.deletion.deployment import NOT_ENABLED, Deployment, deployment_checks
from domain.deletion.emergency_stop import EmergencyStop, StopChange
from domain.deletion.observing import WOULD_DELETE, observation
from tests.builders import NOW, a_deployment

STOP = StopChange(stopped=True, by=Actor(kind=ActorKind.PERSON, id="0a"), at=NOW, reason="r")
CLOCK, ENABLED, STOPPED = "clock agrees with Azure's", "deletion enabled", "no emergency stop"


def failing(deployment: Deployment) -> list[str]:
    return [check.name for check in deployment_checks(deployment) if not check.passed]


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, []),
        ({"enabled": False}, [ENABLED]),
        ({"stopped_by_setting": True}, [STOPPED]),
        ({"stop": EmergencyStop(changes=(STOP,))}, [STOPPED]),
        ({"skew": None}, [CLOCK]),
        ({"skew": timedelta(minutes=2)}, []),
        ({"skew": timedelta(minutes=-2)}, []),
        ({"skew": timedelta(minutes=2, microseconds=1)}, [CLOCK]),
        ({"skew": timedelta(minutes=-2, microseconds=-1)}, [CLOCK]),
    ],
)
def test_each_alone_shuts_the_gate(changes: dict[str, Any], names: list[str]) -> None:
    """Two minutes are still believed, in both directions."""
    assert failing(a_deployment(**changes)) == names


def test_the_stop_is_the_last_check() -> None:
    """It is read last."""
    names = [check.name for check in deployment_checks(a_deployment())]
    assert names == [ENABLED, CLOCK, STOPPED]


def test_what_was_found_is_said() -> None:
    """Each with its figure."""

    def told(**changes: Any) -> list[str]:
        return [check.found for check in deployment_checks(a_deployment(**changes))]

    assert told() == ["DELETION_ENABLED is true", "Azure's is 0 s ahead", "none"]
    assert told(enabled=False)[0] == NOT_ENABLED
    assert told(skew=None)[1] == "Azure told no time"
    assert told(skew=timedelta(seconds=-130))[1] == "Azure's is 130 s behind"
    assert told(skew=timedelta(seconds=1))[1] == "Azure's is 1 s ahead"
    assert told(skew=timedelta(seconds=-1))[1] == "Azure's is 1 s behind"


def test_an_observation_says_what_would_have_been() -> None:
    """Deleted, or kept and why."""
    assert "would have been deleted now" in observation([WOULD_DELETE])
    assert observation(["a", "b"]).endswith("would have been kept as well: a; b")
    assert observation([]).endswith("would have been kept as well: ")


def test_a_deployment_of_which_nothing_is_said_is_not_stopped() -> None:
    """Neither by its setting nor by a call."""
    assert failing(Deployment(enabled=True, skew=timedelta(0))) == []
