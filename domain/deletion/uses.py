"""The part of the gate about who uses the image, and what else protects it. What is unknown does not hold.

A scan is as good as it is young: machines can be made of the image at any time, so those lists must have been read
within a minute of the DELETE.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from domain.deletion.evidence import Check
from domain.references.locks import veto_of
from domain.references.scan import Gap, Scan, at_most
from domain.references.users import ImageUser
from domain.results import ActivityError

YOUNG_ENOUGH = timedelta(seconds=60)
_MOST_TOLD = 5
_MORE = "and {} more (GET /api/references tells all)"


def use_checks(
    scan: Scan | None, tags: dict[str, str], veto_tag: str, now: datetime
) -> Iterator[Check]:
    """The checks on a scan, and on the image's tags as they were read last."""
    veto = veto_of(tags, veto_tag)
    yield Check(
        name="no veto tag on the image",
        passed=veto is None,
        found=f"tag {veto}: take it away, or leave the image" if veto else f"no tag {veto_tag}",
    )
    if scan is None:
        yield Check(name="users of the image known", passed=False, found="not looked for")
        return
    yield Check(
        name="no lock on the image",
        passed=not scan.locks,
        found=_first([f"{lock.level} at {lock.scope}" for lock in scan.locks]) or "none",
    )
    yield Check(name="nobody needs the image", passed=not scan.blocking, found=_users(scan))
    yield Check(
        name="users of the image known",
        passed=scan.complete,
        found=_first([str(gap) for gap in scan.gaps]) or _looked_through(scan),
    )
    yield Check(
        name="machines and scale sets just read",
        passed=_young(scan, now),
        found=f"at {scan.machines_read_at.isoformat()}, now it is {now.isoformat()}",
    )


def worth_another_try(scan: Scan, now: datetime) -> ActivityError | None:
    """The error to wait out when nothing but time stands in the way: Azure that did not answer, or answered so slowly
    that the scan is old. None when something is found that waiting does not change, or nothing at all."""
    if scan.blocking or scan.locks or scan.veto:
        return None
    if scan.gaps:
        return gaps_to_wait_out(scan)
    if not _young(scan, now):
        text = "the lists of machines and scale sets were too old when all was read"
        return ActivityError(code="ScanTooOld", message=text, transient=True)
    return None


def gaps_to_wait_out(scan: Scan) -> ActivityError | None:
    """The error to wait out when a later scan may read all that this one could not; None when it read all, or time
    mends nothing."""
    if not scan.gaps or any(not gap.transient for gap in scan.gaps):
        return None
    return ActivityError(
        code="UsersUnknown",
        message=_first([str(gap) for gap in scan.gaps]),
        transient=True,
        retry_after=_longest_wait(scan.gaps),
    )


def _young(scan: Scan, now: datetime) -> bool:
    return timedelta(0) <= now - scan.machines_read_at <= YOUNG_ENOUGH


def _longest_wait(gaps: Sequence[Gap]) -> float | None:
    return max((gap.retry_after for gap in gaps if gap.retry_after is not None), default=None)


def _users(scan: Scan) -> str:
    users = [_user(user) for user in scan.blocking]
    return _first(users) or f"{len(scan.users)} with disks of their own"


def _user(user: ImageUser) -> str:
    move = f"; move it: {user.command}" if user.command else ""
    return f"{user.kind} {user.id}: {user.use}{move}"


def _looked_through(scan: Scan) -> str:
    return (
        f"{len(scan.subscriptions)} subscriptions, {scan.machines} machines, "
        f"{scan.scale_sets} scale sets"
    )


def _first(lines: Sequence[str]) -> str:
    return "; ".join(at_most(_MOST_TOLD, lines, _MORE))
