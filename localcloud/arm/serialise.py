"""The emulator's values as bytes and back, for the SQLite file.

`marshal` writes a row in a sixth of the time of `json`, and writing rows was the dearest part of
answering a write. It takes plain values only: moments become seconds since 1970, values inside become dicts.
`GET /state` shows what the rows hold.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, TypeVar

from localcloud.arm.model import Failure, Operation, Region, Resource, Tombstone

T = TypeVar("T", Operation, Resource, Tombstone, Region, Failure)

_KINDS = (Operation, Resource, Tombstone, Region, Failure)
_NAMES = {kind: tuple(field.name for field in fields(kind)) for kind in _KINDS}
_VALUES: dict[type, Callable[[Any], tuple[Any, ...]]] = {
    kind: attrgetter(*names) for kind, names in _NAMES.items()
}
_MOMENTS = frozenset({"created", "ready", "soft_deleted", "start", "end", "gone"})
_MOMENTS_OF = {kind: tuple(_MOMENTS.intersection(names)) for kind, names in _NAMES.items()}


def dump(value: Operation | Resource | Tombstone) -> bytes:
    """A row."""
    return marshal.dumps(_plain(value))


def _plain(value: Operation | Resource | Tombstone | Region | Failure) -> dict[str, Any]:
    kind = type(value)
    plain = dict(zip(_NAMES[kind], _VALUES[kind](value), strict=True))
    for name in _MOMENTS_OF[kind]:
        if plain[name] is not None:
            plain[name] = plain[name].timestamp()
    if isinstance(plain.get("failure"), Failure):
        plain["failure"] = _plain(plain["failure"])
    if plain.get("regions"):
        plain["regions"] = [_plain(region) for region in plain["regions"]]
    return plain


def load(kind: type[T], row: bytes) -> T:
    """The value `dump` wrote."""
    return _build(kind, marshal.loads(row))  # noqa: S302 - written by this program, in its folder


def _build(kind: type[T], raw: dict[str, Any]) -> T:
    assert is_dataclass(kind)
    return kind(**{f.name: _field(f.name, raw[f.name]) for f in fields(kind) if f.name in raw})


def _field(name: str, raw: Any) -> Any:
    if raw is None:
        return None
    if name in _MOMENTS:
        return datetime.fromtimestamp(raw, UTC)
    if name == "regions":
        return tuple(_build(Region, region) for region in raw)
    if name == "failure" and isinstance(raw, dict):
        return _build(Failure, raw)
    return raw
