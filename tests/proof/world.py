"""All that the test knows: what it asked for, who said what and when, and what it did to the app. Nothing of it is read
from the app's records."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.proof.conditions import Condition
from tests.proof.people import APPROVERS, Rules
from tests.scenarios.bodies import Json


@dataclass(frozen=True)
class Image:
    """A managed image as it was at a moment: its name may be given to another."""

    created: str
    disks: tuple[tuple[object, int], ...]


@dataclass(frozen=True)
class Voted:
    """A decision that somebody sent. `flaw`: what was wrong with it, as the test made it; `taken`: the app's answer."""

    who: str
    kind: str
    at: datetime
    taken: bool
    flaw: Condition | None = None
    # Of the statement that was shown then, where there is one.
    statement: str = ""


@dataclass
class Asked:
    """A migration with a deletion that somebody asked for."""

    id: str
    name: str
    rules: Rules
    requester: str
    # The condition that the moves are to break, alone; None: the image goes.
    plan: Condition | None
    # How long an approval is waited for.
    patience: timedelta
    asked_at: datetime | None = None
    image: Image | None = None
    statement: str = ""
    votes: list[Voted] = field(default_factory=list)
    broken: set[Condition] = field(default_factory=set)
    cancelled: bool = False
    wild: bool = False
    # Its plan was carried out; what is left is its end.
    acted: bool = False
    # Somebody changed the world for it, by chance.
    spoilt_world: bool = False
    outcome: str = ""
    # The conditions that did not hold when it ended.
    failed: frozenset[Condition] = frozenset()
    quiet_seen: bool = False

    @property
    def deadline(self) -> datetime | None:
        """The deadline for approvals, once it is asked about."""
        return self.asked_at + self.patience if self.asked_at else None


@dataclass
class Known:
    """All that the test knows of one run. `spoilt`: what it broke for all images at once."""

    asked: list[Asked] = field(default_factory=list)
    spoilt: set[Condition] = field(default_factory=set)
    listed: tuple[str, ...] = APPROVERS
    # For the identity that deletes.
    gone: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def open(self) -> list[Asked]:
        """The migrations that have no outcome yet."""
        return [each for each in self.asked if not each.outcome]

    def of_image(self, image: str) -> list[Asked]:
        """The migrations of the image with this id that may delete it now."""
        name = image.rpartition("/")[2].lower()
        return [each for each in self.open() if each.name.lower() == name]


def image_of(body: Json) -> Image:
    """The image in a body of Azure's state."""
    storage = body["properties"]["storageProfile"]
    disks = [("os", storage["osDisk"].get("diskSizeGB"))]
    disks += [(disk["lun"], disk.get("diskSizeGB")) for disk in storage.get("dataDisks", [])]
    return Image(body["createdTime"], tuple(disks))
