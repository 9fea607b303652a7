"""Protection of an image besides its users: management locks at any level above it, and a tag that vetoes.

A lock's id says where it sits, and whatever lies below that place inherits it
(https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources).
"""

import shlex
from collections.abc import Iterable, Mapping

from domain.errors import UnexpectedResponseError
from domain.values import Json, Message

_LOCK = "/providers/microsoft.authorization/locks/"


class ImageLock(Message):
    """A lock that covers the image. `level`: CanNotDelete or ReadOnly, which both forbid to delete; `scope`: where it
    sits; `inherited`: above the image."""

    id: str
    level: str
    scope: str
    inherited: bool
    notes: str = ""
    command: str = ""


def locks_on(image_id: str, listed: Iterable[Json]) -> tuple[ImageLock, ...]:
    """The locks among those listed at any scope that cover the image, each once. Raises UnexpectedResponseError for
    what is no lock: it might be one."""
    image = image_id.lower()
    locks = (_lock(body, image) for body in listed)
    by_id = {lock.id.lower(): lock for lock in locks if lock}
    return tuple(by_id[key] for key in sorted(by_id))


def veto_of(tags: Mapping[str, str], veto_tag: str) -> str | None:
    """The tag that vetoes as it is written on the image, whatever its value; None if there is none. Names of tags have
    no case."""
    return next((name for name in tags if name.lower() == veto_tag.lower()), None)


def _lock(body: Json, image: str) -> ImageLock | None:
    """Return the lock in a JSON, or None if it sits elsewhere."""
    name = body.get("id") if isinstance(body, dict) else None
    if not isinstance(name, str) or _LOCK not in name.lower():
        raise UnexpectedResponseError("a list of locks has something that is no lock")
    where = name.lower().rpartition(_LOCK)[0]
    if image != where and not image.startswith(f"{where}/"):
        return None
    properties = body.get("properties") or {}
    return ImageLock(
        id=name,
        level=str(properties.get("level") or "unknown"),
        scope=name[: len(where)],
        inherited=image != where,
        notes=str(properties.get("notes") or ""),
        command=shlex.join(["az", "lock", "delete", "--ids", name]),
    )
