"""The deployment's own part of the gate: switched on, not stopped, and a clock that Azure's agrees with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.callers.actors import Actor, ActorKind
from domain.deletion.deployment import NOT_ENABLED, Asking, Deployment, deployment_checks
from domain.deletion.emergency_stop import EmergencyStop, StopChange
from domain.deletion.evidence import Check
from domain.deletion.observing import WOULD_DELETE, observation
from domain.deletion.quota import Quota, Reservations
from tests.builders import NOW, a_deployment

STOP = StopChange(stopped=True, by=Actor(kind=ActorKind.PERSON, id="0a"), at=NOW, reason="r")
CLOCK, ENABLED, STOPPED = "clock agrees with Azure's", "deletion enabled", "no emergency stop"
WINDOW, LIMITS = "inside the deletion window", "below the limits"


def failing(deployment: Deployment) -> list[str]:
    return [check.name for check in checks_of(deployment) if not check.passed]


def checks_of(deployment: Deployment, images: int | None = None) -> list[Check]:
    return list(deployment_checks(deployment, Asking("m", NOW, images)))


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, []),
        ({"enabled": False}, [ENABLED]),
        ({"stopped_by_setting": True}, [STOPPED]),
        ({"stop": EmergencyStop(changes=(STOP,))}, [STOPPED]),
        ({"skew": None}, [CLOCK]),
        ({"window": "Mon-Sun 00:00-24:00"}, []),
        ({"window": "Sun 00:00-24:00"}, [WINDOW]),
        ({"reserved": Reservations(times={"other": NOW})}, [LIMITS]),
        ({"reserved": Reservations(times={"m": NOW})}, []),
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
    names = [check.name for check in checks_of(a_deployment())]
    assert names == [ENABLED, CLOCK, WINDOW, LIMITS, STOPPED]


def test_what_was_found_is_said() -> None:
    """Each with its figure."""

    def told(**changes: Any) -> list[str]:
        return [check.found for check in checks_of(a_deployment(**changes))]

    enabled, time, window, limits, stop = told()
    assert (enabled, time) == ("DELETION_ENABLED is true", "Azure's is 0 s ahead")
    assert (window, limits, stop) == ("no window is set", "number 1 of 1 in 24 hours", "none")
    assert told(enabled=False)[0] == NOT_ENABLED
    assert told(skew=None)[1] == "Azure told no time"
    assert told(skew=timedelta(seconds=-130))[1] == "Azure's is 130 s behind"
    assert told(skew=timedelta(seconds=-1))[1] == "Azure's is 1 s behind"
    assert told(skew=timedelta(seconds=1))[1] == "Azure's is 1 s ahead"


def test_an_observation_says_what_would_have_been() -> None:
    """Deleted, or kept and why."""
    assert "would have been deleted now" in observation([WOULD_DELETE])
    assert observation(["a", "b"]).endswith("would have been kept as well: a; b")
    assert observation([]).endswith("would have been kept as well: ")


def test_the_images_that_there_are_make_the_share() -> None:
    """Counted by the scan; without one only the number of a day counts."""
    others = Reservations(times={f"m{n}": NOW for n in range(30)})
    deployment = a_deployment(quota=Quota(count=100, percent=50), reserved=others)
    assert checks_of(deployment)[3].passed
    assert checks_of(deployment, 32)[3].passed
    assert not checks_of(deployment, 31)[3].passed
