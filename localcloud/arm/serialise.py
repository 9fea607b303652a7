"""The emulator's values as JSON text and back, for the SQLite file."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, is_dataclass
from datetime import datetime
from typing import Any, TypeVar

from localcloud.arm.model import Failure, Operation, Region, Resource, Tombstone

T = TypeVar("T", Operation, Resource, Tombstone, Region, Failure)

_MOMENTS = frozenset({"created", "ready", "soft_deleted", "start", "end", "gone"})


def dump(value: Operation | Resource | Tombstone) -> str:
    """One line of JSON."""
    return json.dumps(asdict(value), default=_plain, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no JSON")


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
