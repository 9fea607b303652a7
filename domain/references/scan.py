"""A scan for the users of an image: what was found, and whether that was all. What is unknown blocks."""

from collections.abc import Sequence
from datetime import datetime

from domain.references.locks import ImageLock
from domain.references.users import ImageUser
from domain.values import Message


class Gap(Message):
    """A part of the scan that could not be read in full: where, why, and whether another try may do better."""

    where: str
    reason: str
    transient: bool = False
    retry_after: float | None = None

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


class ScanCounts(Message):
    """The machines and scale sets of a complete scan of some subscriptions."""

    subscriptions: tuple[str, ...]
    machines: int
    scale_sets: int
    at: datetime


class Scan(Message):
    """The users of an image as they were found. `machines_read_at`: when the lists of machines and scale sets were
    begun, which are read last; `veto`: the tag that vetoes, if the image has it; `images`: how many there are."""

    image_id: str
    subscriptions: tuple[str, ...]
    users: tuple[ImageUser, ...]
    locks: tuple[ImageLock, ...]
    gaps: tuple[Gap, ...]
    machines: int
    scale_sets: int
    images: int = 0
    veto: str | None = None
    machines_read_at: datetime

    @property
    def complete(self) -> bool:
        """True if everything in scope was read."""
        return not self.gaps

    @property
    def blocking(self) -> tuple[ImageUser, ...]:
        """The users that need the image."""
        return tuple(user for user in self.users if user.blocks)

    @property
    def blocked(self) -> bool:
        """True if anything keeps the image, what is unknown included."""
        return bool(self.blocking or self.locks or self.veto or self.gaps)

    @property
    def counts(self) -> ScanCounts:
        """The counts that the next scan is held against."""
        return ScanCounts(
            subscriptions=self.subscriptions,
            machines=self.machines,
            scale_sets=self.scale_sets,
            at=self.machines_read_at,
        )


def too_few(scan: Scan, last: ScanCounts | None, percent: int) -> tuple[Gap, ...]:
    """The gaps that show only beside the last complete scan of the same scope: an identity that may no longer read gets
    shorter lists, and no error. Users of this image may fall to none; machines as such hardly do."""
    if last is None or percent == 0:
        return ()
    gone = sorted({*last.subscriptions} - {*scan.subscriptions})
    gaps = [
        Gap(where=f"subscription {name}", reason="was scanned before and is not visible any more")
        for name in gone
    ]
    now, before = scan.machines + scan.scale_sets, last.machines + last.scale_sets
    if now * 100 < before * percent:
        reason = (
            f"{now} machines and scale sets in scope, {before} at {last.at.isoformat()}: "
            f"fewer than {percent} % of the last complete scan"
        )
        gaps.append(Gap(where="machines and scale sets", reason=reason))
    return tuple(gaps)


def warnings_of(scan: Scan, most: int) -> tuple[str, ...]:
    """The lines that a plan has of a scan: what stands in the way of the deletion, the first `most` of each."""
    lines = [f"{user.kind} {user.id} blocks the deletion: {user.use}." for user in scan.blocking]
    locks = lock_warnings(scan.locks)
    gaps = [f"Who uses the image is not known in full ({gap})." for gap in scan.gaps]
    veto = veto_warnings(scan.veto)
    return tuple(
        line
        for kind in (veto, locks, lines, gaps)
        for line in at_most(most, kind, "And {} more of these.")
    )


def lock_warnings(locks: Sequence[ImageLock]) -> list[str]:
    """A line for each lock."""
    return [f"A lock ({lock.level}) at {lock.scope} blocks the deletion." for lock in locks]


def veto_warnings(veto: str | None) -> list[str]:
    """A line for the tag that vetoes, if there is one."""
    return [f"The tag {veto} blocks the deletion."] if veto else []


def at_most(most: int, lines: Sequence[str], rest: str) -> list[str]:
    """The first `most` lines; of more of them, `rest` with their number."""
    more = len(lines) - most
    return [*lines[:most], *([rest.format(more)] if more > 0 else [])]
