"""The statement: what an approval approves. What is shown and what is hashed is one text.

Everything that matters for the deletion is in it, as it was read before anybody was asked, and the clock of that
reading is not. A decision names the hash, so it is for that text and no other; the gate holds the statement of now
against it.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import datetime

from pydantic import ValidationError

from domain.callers.actors import Actor
from domain.facts import Disk, ImageFacts, VersionFacts
from domain.ids import fold
from domain.migration.fingerprint import fingerprint_of
from domain.references.kinds import Effect
from domain.references.scan import Scan
from domain.values import Message

ACTION = "delete the managed image"


class StatedImage(Message):
    """The image that goes."""

    id: str
    fingerprint: str
    created_at: str | None
    disks: tuple[Disk, ...]


class StatedVersion(Message):
    """The version that is left of it. `boot_test`: what a boot of it has shown; empty where none was made."""

    id: str
    published_at: str | None
    regions: tuple[str, ...]
    boot_test: str = ""


class StatedUser(Message):
    """A user of the image."""

    kind: str
    id: str
    scope: str
    effect: Effect

    @property
    def key(self) -> tuple[str, ...]:
        """The user as it is compared: Resource Graph and lists write ids in different ways."""
        return (self.kind, fold(self.id), fold(self.scope), self.effect.value)


class StatedReferences(Message):
    """The result of the scan for users: where was looked, whether everything could be read, who was seen."""

    subscriptions: tuple[str, ...]
    complete: bool
    users: tuple[StatedUser, ...] = ()


class Statement(Message):
    """See the module. `round`: the how many-th time that the approval is asked for."""

    deployment: str
    migration_id: str
    round: int
    action: str = ACTION
    image: StatedImage
    version: StatedVersion
    requester: Actor | None
    change_number: str = ""
    deadline: datetime
    references: StatedReferences

    @property
    def text(self) -> str:
        """The text that is shown and hashed: JSON with sorted keys, every character beyond ASCII escaped, so that none
        looks like another."""
        return json.dumps(self.model_dump(mode="json"), indent=2, sort_keys=True)


class KeptStatement(Message):
    """A statement as it lies in the records, and since when it is asked about."""

    text: str
    asked_at: datetime

    @property
    def hash(self) -> str:
        """The hash of the very text."""
        return hash_of(self.text)

    @property
    def statement(self) -> Statement | None:
        """The statement in the text; None when it is none."""
        try:
            return Statement.model_validate_json(self.text)
        except ValidationError:
            return None


class Opening(Message):
    """The fact that somebody who may approve has read a statement, signed in. `seal` proves it
    (`services/seals.py`)."""

    migration_id: str
    statement_hash: str
    by: Actor
    at: datetime
    seal: str | None = None


def hash_of(text: str) -> str:
    """The SHA-256 of a text, as `sha256sum` writes it."""
    return hashlib.sha256(text.encode()).hexdigest()


def stated_image(image: ImageFacts) -> StatedImage:
    """The image as it was read."""
    return StatedImage(
        id=image.id,
        fingerprint=fingerprint_of(image).value,
        created_at=image.created_time,
        disks=image.disks,
    )


def stated_version(version: VersionFacts, boot_test: str = "") -> StatedVersion:
    """The version as it was read."""
    return StatedVersion(
        id=version.id,
        published_at=version.published_date,
        regions=version.regions,
        boot_test=boot_test,
    )


def stated_references(scan: Scan) -> StatedReferences:
    """The result of a scan, in an order that depends on nothing but the users."""
    users = (
        StatedUser(kind=user.kind, id=user.id, scope=user.scope, effect=user.effect)
        for user in scan.users
    )
    return StatedReferences(
        subscriptions=tuple(sorted(scan.subscriptions)),
        complete=scan.complete,
        users=tuple(sorted(users, key=lambda user: user.key)),
    )


def still_covers(approved: Statement, now: Statement) -> bool:
    """Return True if an approval of the one is an approval of the other: nothing has changed, but that users are gone.
    The promotion of the version, which is our own doing, is in neither."""
    return approved.round == now.round and not changes(approved, now)


def changes(approved: Statement, now: Statement) -> tuple[str, ...]:
    """The differences that an approval does not cover, in words."""
    return (*_changed_parts(approved, now), *_new_users(approved, now))


_PARTS: dict[str, Callable[[Statement], object]] = {
    "the deployment": lambda s: s.deployment,
    "the migration": lambda s: s.migration_id,
    "the action": lambda s: s.action,
    "the image": lambda s: fold(s.image.id),
    "the image's fingerprint": lambda s: s.image.fingerprint,
    "the image's creation time": lambda s: s.image.created_at,
    "the image's disks": lambda s: _disks(s.image.disks),
    "the version": lambda s: fold(s.version.id),
    "the version's publication date": lambda s: s.version.published_at,
    "the version's regions": lambda s: ", ".join(sorted(s.version.regions)),
    "the boot test": lambda s: s.version.boot_test,
    "the requester": lambda s: s.requester.model_dump_json() if s.requester else None,
    "the change number": lambda s: s.change_number,
    "the deadline": lambda s: s.deadline.isoformat(),
    "the subscriptions looked through": lambda s: ", ".join(sorted(s.references.subscriptions)),
    "the knowledge of all users": lambda s: "complete" if s.references.complete else "incomplete",
}


def _changed_parts(approved: Statement, now: Statement) -> Iterator[str]:
    for name, part in _PARTS.items():
        was, is_now = part(approved), part(now)
        if was != is_now:
            yield f"{name} was {was or 'none'}, and is {is_now or 'none'}"


def _new_users(approved: Statement, now: Statement) -> Iterator[str]:
    known = {user.key for user in approved.references.users}
    for user in now.references.users:
        if user.key not in known:
            yield f"a new user: {user.kind} {user.id} ({user.effect.value})"


def _disks(disks: tuple[Disk, ...]) -> str:
    return json.dumps([disk.model_dump(mode="json") for disk in disks])
