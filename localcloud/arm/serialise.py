"""The emulator's values as JSON text and back, for the SQLite file."""

from __future__ import annotations

import json
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from typing import Any, TypeVar

from localcloud.arm.model import Failure, Operation, Region, Resource, Tombstone

T = TypeVar("T", Operation, Resource, Tombstone, Region, Failure)

_REQUIRED = object()  # equal to no value


def _default(of: Field[Any]) -> Any:
    if of.default_factory is not MISSING:
        return of.default_factory()
    return _REQUIRED if of.default is MISSING else of.default


_FIELDS = {
    kind: tuple((field.name, _default(field)) for field in fields(kind))
    for kind in (Operation, Resource, Tombstone, Region, Failure)
}
_MOMENTS = frozenset({"created", "ready", "soft_deleted", "start", "end", "gone"})


def dump(value: Operation | Resource | Tombstone) -> str:
    """One line of JSON; a field that is as a new value has it is left out."""
    return _encode(_plain(value))


def _plain(value: Any) -> Any:
    """One level only: the encoder asks again for what is inside (`asdict` copies it all)."""
    if isinstance(value, datetime):
        return value.isoformat()
    kept: dict[str, Any] = {}
    for name, default in _FIELDS[type(value)]:
        one = getattr(value, name)
        if one is not default and one != default:
            kept[name] = one.isoformat() if name in _MOMENTS and one else one
    return kept


_encode = json.JSONEncoder(default=_plain, separators=(",", ":")).encode


def load(kind: type[T], text: str) -> T:
    """The value `dump` wrote."""
    return _build(kind, json.loads(text))


def _build(kind: type[T], raw: dict[str, Any]) -> T:
    assert is_dataclass(kind)
    return kind(**{f.name: _field(f.name, raw[f.name]) for f in fields(kind) if f.name in raw})


def _field(name: str, raw: Any) -> Any:
    if raw is None:
        return None
    if name in _MOMENTS:
        return datetime.fromisoformat(raw)
    if name == "regions":
        return tuple(_build(Region, region) for region in raw)
    if name == "failure" and isinstance(raw, dict):
        return _build(Failure, raw)
    return raw
