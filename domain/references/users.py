"""The users of an image, from resources as Resource Graph or Azure Resource Manager's own lists show them.

1. Each place in a resource that names the image is a use; the table in `kinds.py` says what it means.
2. What both sources show is one user, and what either shows counts: the use that blocks wins.
3. A scale set was last made from the image when the newest of its machines was.
"""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

from domain.references.commands import move_command
from domain.references.kinds import KINDS, Effect, Kind, Use, at
from domain.references.mentions import mentions
from domain.values import Json, Message


class Source(StrEnum):
    """The place where a user was seen."""

    GRAPH = "Resource Graph"
    LISTS = "Azure Resource Manager"


class ImageUser(Message):
    """A resource that uses the image. `scope`: its resource group; `last_made_at`: when it was last made from the
    image, as Azure says it; `command`: what moves it to the new version, None where nothing has to be moved."""

    id: str
    kind: str
    scope: str
    use: str
    effect: Effect
    last_made_at: str | None = None
    command: str | None = None
    seen_in: tuple[Source, ...] = ()

    @property
    def blocks(self) -> bool:
        """True if the image may not go."""
        return self.effect is Effect.BLOCKS


def users_of(
    image_id: str, resources: Iterable[Json], source: Source, version: str | None = None
) -> tuple[ImageUser, ...]:
    """The users among resources; `version`: what the commands move them to. The image itself is none."""
    users = (
        user
        for resource in resources
        if str(resource.get("id", "")).lower() != image_id.lower()
        for user in _uses(image_id, resource, source, version)
    )
    return merged(users)


def merged(users: Iterable[ImageUser]) -> tuple[ImageUser, ...]:
    """One user for each resource, the blocking ones first, then by kind and id."""
    by_id: dict[str, ImageUser] = {}
    for user in users:
        key = user.id.lower()
        by_id[key] = _both(by_id[key], user) if key in by_id else user
    timed = [_with_machines(user, by_id) for user in by_id.values()]
    return tuple(sorted(timed, key=lambda u: (u.effect, u.kind, u.id.lower(), u.use)))


def _both(one: ImageUser, other: ImageUser) -> ImageUser:
    kept = other if other.blocks and not one.blocks else one
    uses = dict.fromkeys((kept.use, *(u.use for u in (one, other) if u.effect is kept.effect)))
    return kept.model_copy(
        update={
            "use": "; ".join(uses),
            "last_made_at": max(filter(None, (one.last_made_at, other.last_made_at)), default=None),
            "command": kept.command or one.command or other.command,
            "seen_in": tuple(sorted({*one.seen_in, *other.seen_in})),
        }
    )


def _with_machines(user: ImageUser, by_id: dict[str, ImageUser]) -> ImageUser:
    machines = f"{user.id.lower()}/virtualmachines/"
    times = [u.last_made_at for key, u in by_id.items() if key.startswith(machines)]
    newest = max(filter(None, (user.last_made_at, *times)), default=None)
    return user.model_copy(update={"last_made_at": newest})


def _uses(
    image_id: str, resource: Json, source: Source, version: str | None
) -> Iterator[ImageUser]:
    kind_key = type_of(resource)
    kind = KINDS.get(kind_key, Kind(kind_key))
    properties = resource.get("properties") or {}
    for path in mentions(properties, image_id):
        use = _use_at(kind, path, properties)
        if use.effect is None:
            continue
        yield ImageUser(
            id=str(resource["id"]),
            kind=kind.name,
            scope=_group_of(str(resource["id"])),
            use=use.words,
            effect=use.effect,
            last_made_at=_made(kind, properties),
            command=move_command(kind_key, resource, path, image_id, version),
            seen_in=(source,),
        )


def type_of(resource: Json) -> str:
    """The resource's type in lower case, by its id: Resource Graph and lists write it in different ways."""
    provider = str(resource.get("id", "")).lower().rpartition("/providers/")[2]
    space, *parts = provider.split("/")
    return "/".join((space, *parts[::2]))


def _use_at(kind: Kind, path: str, properties: Json) -> Use:
    plain = re.sub(r"\[\d+\]", "[]", path).lower()
    unknown = Use(path, f"names the image in {path}", Effect.BLOCKS)
    fitting = (use for use in kind.uses if use.path.lower() == plain and use.when(properties))
    return next(fitting, unknown)


def _made(kind: Kind, properties: Json) -> str | None:
    times = (at(properties, path) for path in kind.made)
    return next((str(time) for time in times if time), None)


def _group_of(resource_id: str) -> str:
    return "/".join(resource_id.split("/")[:5])
