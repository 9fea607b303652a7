"""Compares two answers: values that differ from run to run are masked, all else must be equal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_MASKS = (
    (
        re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE),
        "<guid>",
    ),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?"), "<date>"),
    (re.compile(r"/resourcegroups/[^/]+", re.IGNORECASE), "/resourceGroups/<group>"),
    # Azure makes up the names of these disks.
    (re.compile(r"/disks/[^/']+", re.IGNORECASE), "/disks/<disk>"),
)
# A recorder replaces names in paths but not in this value made from them.
_MADE_UP = frozenset({"uniqueName"})


def masked(value: str) -> str:
    """The text with what differs from run to run replaced."""
    for pattern, mask in _MASKS:
        value = pattern.sub(mask, value)
    return value.lower() if value.startswith("/subscriptions/") else value


def differences(recorded: Any, ours: Any, at: str = "") -> Iterator[str]:
    """Yield one line for each place in which the two differ."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        for key in sorted(recorded.keys() | ours.keys()):
            if key not in ours:
                yield f"{at}.{key}: missing, recorded {recorded[key]!r}"
            elif key not in recorded:
                yield f"{at}.{key}: ours only, {ours[key]!r}"
            elif key not in _MADE_UP:
                yield from differences(recorded[key], ours[key], f"{at}.{key}")
    elif isinstance(recorded, list) and isinstance(ours, list):
        if len(recorded) != len(ours):
            yield f"{at}: {len(recorded)} entries recorded, {len(ours)} ours"
        for index, (one, other) in enumerate(zip(recorded, ours, strict=False)):
            yield from differences(one, other, f"{at}[{index}]")
    elif _plain(recorded) != _plain(ours):
        yield f"{at}: recorded {recorded!r}, ours {ours!r}"


def _plain(value: Any) -> Any:
    return masked(value) if isinstance(value, str) else value


def without_tags(body: Any) -> Any:
    """A resource group without its tags: policies of the recording subscription add some."""
    return {k: v for k, v in body.items() if k != "tags"} if isinstance(body, dict) else body
