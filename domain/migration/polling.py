"""The judgement whether a version is ready: Succeeded *and* Completed in every wanted region.

The end of Azure's operation is not enough: docs/platform-notes.md#succeeded-is-not-ready

A region's failure counts once the version's own operation has ended, so that Azure's error text is there to show.
"""

from datetime import timedelta
from typing import Literal

from domain.facts import BUSY_STATES, fact
from domain.values import Message

# A GET can be 404 for minutes after the PUT: docs/platform-notes.md#a-version-right-after-its-put
APPEARS_WITHIN = timedelta(minutes=10)
# Each wait is longer than the last one by a quarter, until it is the fivefold of the first.
_GROWTH, _LONGEST, _GROWS_FOR = 1.25, 5.0, 8


class RegionStatus(Message):
    """Replication in one region; `progress` in percent."""

    name: str
    state: str = "Unknown"
    progress: int = 0
    details: str = ""


class VersionReading(Message):
    """One look at an image version. `error` is Azure's own text when its operation failed."""

    found: bool = True
    provisioning_state: str = "Unknown"
    regions: tuple[RegionStatus, ...] = ()
    error_code: str | None = None
    error_message: str | None = None


class Wait(Message):
    """Look again after this long."""

    kind: Literal["wait"] = "wait"
    delay: timedelta


class Replicated(Message):
    """Usable in every wanted region."""

    kind: Literal["replicated"] = "replicated"


class ReplicationFailed(Message):
    """It will not become ready; `code` and `reason` are Azure's own where it gave any."""

    kind: Literal["failed"] = "failed"
    code: str
    reason: str


class Look(Message):
    """One look at a version, judged; `completed` of the `regions` that are wanted have it."""

    completed: int
    regions: int
    judgement: Wait | Replicated | ReplicationFailed


class PollPolicy(Message):
    """The intervals of a watch, and the time after which it ends."""

    interval: timedelta = timedelta(minutes=1)
    timeout: timedelta = timedelta(hours=6)

    def delay(self, polls: int) -> timedelta:
        """Often at first, when progress is watched, then rarely: whoever has waited for long can wait a little more."""
        return self.interval * min(_GROWTH ** min(polls, _GROWS_FOR), _LONGEST)


def judged_look(
    reading: VersionReading,
    wanted: tuple[str, ...],
    polls: int,
    elapsed: timedelta,
    policy: PollPolicy,
) -> Look:
    """The look that ends with this reading, which is judged as `judge` does."""
    return Look(
        completed=sum(r.state == "Completed" and r.name in wanted for r in reading.regions),
        regions=len(wanted),
        judgement=judge(reading, wanted, polls, elapsed, policy),
    )


def judge(
    reading: VersionReading,
    wanted: tuple[str, ...],
    polls: int,
    elapsed: timedelta,
    policy: PollPolicy,
) -> Wait | Replicated | ReplicationFailed:
    """Return what a reading means, `elapsed` after the watch began and after `polls` looks. Success beats the
    deadline."""
    by_name = {region.name: region for region in reading.regions}
    behind = [name for name in wanted if name not in by_name or by_name[name].state != "Completed"]
    if reading.provisioning_state == "Succeeded" and not behind:
        return Replicated()
    if failure := _failure(reading, wanted, elapsed):
        return failure
    if elapsed >= policy.timeout:
        return ReplicationFailed(
            code="ReplicationTimeout",
            reason=f"not ready after {policy.timeout}: the version is {reading.provisioning_state}, "
            f"not Completed in {', '.join(behind) or 'no region'}",
        )
    return Wait(delay=policy.delay(polls))


def _failure(
    reading: VersionReading, wanted: tuple[str, ...], elapsed: timedelta
) -> ReplicationFailed | None:
    if not reading.found:
        if elapsed < APPEARS_WITHIN:
            return None
        return ReplicationFailed(
            code="VersionNotFound", reason="the version is not there (any more)"
        )
    if reading.provisioning_state in BUSY_STATES:
        return None
    failed = [r for r in reading.regions if r.state == "Failed" and r.name in wanted]
    if reading.provisioning_state == "Succeeded" and not failed:
        return None
    places = "; ".join(f"{r.name}: {r.details or 'no details'}" for r in failed)
    return ReplicationFailed(
        code=reading.error_code
        or ("ReplicationFailed" if failed else f"Version{reading.provisioning_state}"),
        reason=reading.error_message
        or (
            f"replication failed in {places}"
            if failed
            else f"the version is {reading.provisioning_state}"
        ),
    )


@fact
def version_reading(body: dict[str, object]) -> VersionReading:
    """The reading in the JSON of a version that was read with `$expand=ReplicationStatus`."""
    properties = body.get("properties")
    if not isinstance(properties, dict) or not isinstance(properties.get("provisioningState"), str):
        raise ValueError("the answer has no provisioningState")
    summary = (properties.get("replicationStatus") or {}).get("summary") or []
    return VersionReading(
        provisioning_state=properties["provisioningState"],
        regions=tuple(
            RegionStatus(
                name=str(region.get("region", "")).replace(" ", "").lower(),
                state=region.get("state") or "Unknown",
                progress=region.get("progress") or 0,
                details=region.get("details") or "",
            )
            for region in summary
        ),
    )
