"""The part of the gate about the deployment itself: switched on, a clock that can be believed, the window, the limits
of a day, no stop."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.deletion.emergency_stop import EmergencyStop, stop_check
from domain.deletion.evidence import Check
from domain.deletion.quota import Quota, Reservations, quota_check
from domain.deletion.window import parse_window, window_check
from domain.values import Message

MOST_SKEW = timedelta(minutes=2)
"""Azure's clock and the worker's may differ by so much: what is young enough, or over, is told by the worker's."""

NOT_ENABLED = "DELETION_ENABLED is false: this deployment deletes nothing"


class Deployment(Message):
    """The deployment as it was read in that moment. `skew`: Azure's clock ahead of the worker's, by the Date of its
    last answer; None if it told none."""

    enabled: bool
    quota: Quota
    stopped_by_setting: bool = False
    stop: EmergencyStop = EmergencyStop()
    window: str = ""
    reserved: Reservations = Reservations()
    skew: timedelta | None


class Asking(NamedTuple):
    """The migration whose DELETE it is, the moment, and how many images there are; None while nobody has counted."""

    migration: str
    now: datetime
    images: int | None = None


def deployment_checks(deployment: Deployment, asking: Asking) -> Iterator[Check]:
    """The checks on the deployment; the emergency stop is the last of all that is read."""
    yield Check(
        name="deletion enabled",
        passed=deployment.enabled,
        found="DELETION_ENABLED is true" if deployment.enabled else NOT_ENABLED,
    )
    yield _clock_check(deployment.skew)
    window = parse_window(deployment.window) if deployment.window else None
    yield window_check(window, asking.now)
    quota, reserved = deployment.quota, deployment.reserved
    yield quota_check(quota, reserved, asking.migration, asking.images, asking.now)
    yield stop_check(deployment.stop, by_setting=deployment.stopped_by_setting)


def _clock_check(skew: timedelta | None) -> Check:
    if skew is None:
        return Check(name="clock agrees with Azure's", passed=False, found="Azure told no time")
    seconds = skew.total_seconds()
    return Check(
        name="clock agrees with Azure's",
        passed=abs(skew) <= MOST_SKEW,
        found=f"Azure's is {abs(seconds):.0f} s {'ahead' if seconds >= 0 else 'behind'}",
    )
