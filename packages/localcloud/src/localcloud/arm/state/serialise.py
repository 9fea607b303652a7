"""The emulator's values as JSON and back, for answers, the log and the journal.

msgspec writes dataclasses and moments as they are, in a tenth of the time of `json`: writing JSON was
the slowest part of most answers. (Not orjson, which is as fast: where it is installed, azure.functions
uses it too, and the app would run otherwise than in Azure.)
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields, is_dataclass
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from localcloud.arm.state.model import Failure, Json, Operation, Region, Resource, Tombstone

T = TypeVar("T", Operation, Resource, Tombstone, Region, Failure)

_MOMENTS = frozenset({"created", "ready", "soft_deleted", "start", "end", "gone"})


def encode(value: object) -> bytes:
    """Return a value as compact JSON, in UTF-8."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        # A lone surrogate, from a header that is not UTF-8.
        return json.dumps(value, separators=(",", ":"), default=_plain).encode()


def _plain(value: Any) -> object:
    return value.isoformat() if isinstance(value, datetime) else asdict(value)


def load(kind: type[T], raw: Json) -> T:
    """Return the value that `encode` wrote, given its parsed JSON."""
    assert is_dataclass(kind)
    return kind(**{f.name: _field(f.name, raw[f.name]) for f in fields(kind) if f.name in raw})


def _field(name: str, raw: Any) -> Any:
    if raw is None:
        return None
    if name in _MOMENTS:
        return datetime.fromisoformat(raw)
    if name == "regions":
        return tuple(load(Region, region) for region in raw)
    if name == "failure" and isinstance(raw, dict):
        return load(Failure, raw)
    return raw
