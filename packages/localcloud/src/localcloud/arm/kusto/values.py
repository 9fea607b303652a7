"""Kusto's values and what compares them: texts, numbers, booleans, dynamic JSON, null.

https://learn.microsoft.com/kusto/query/datatypes-string-operators
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

Row = dict[str, Any]


def text(value: Any) -> str:
    """`tostring`: JSON of what is dynamic, nothing of null."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return str(value)


def lowered(value: Any) -> str:
    """The text in lower case."""
    return text(value).lower()


def same(left: Any, right: Any) -> bool:
    """`==`: equal and of one type; null equals nothing."""
    if left is None or right is None or isinstance(left, bool) != isinstance(right, bool):
        return False
    return bool(left == right)


def alike(left: Any, right: Any) -> bool:
    """`=~`: equal without case."""
    return lowered(left) == lowered(right)


@lru_cache(maxsize=256)
def _term(needle: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![0-9a-z]){re.escape(needle)}(?![0-9a-z])")


def has(left: Any, right: Any) -> bool:
    """`has`: the right side is a whole term of the left one, or several, without case."""
    return _term(lowered(right)).search(lowered(left)) is not None


def contains(left: Any, right: Any) -> bool:
    """`contains`: anywhere, without case."""
    return lowered(right) in lowered(left)


def begins(left: Any, right: Any) -> bool:
    """`startswith`, without case."""
    return lowered(left).startswith(lowered(right))


def ends(left: Any, right: Any) -> bool:
    """`endswith`, without case."""
    return lowered(left).endswith(lowered(right))


def order(value: Any) -> tuple[int, Any]:
    """A key to sort by: null, then booleans and numbers, then texts."""
    if value is None:
        return 0, 0
    if isinstance(value, int | float):
        return 1, value
    return 2, text(value)


def less(left: Any, right: Any) -> bool:
    """`<`: false where either side is null."""
    return left is not None and right is not None and order(left) < order(right)


def member(value: Any, key: str | int) -> Any:
    """A part of a dynamic value, null where there is none; names of parts keep to their case."""
    if isinstance(value, dict) and isinstance(key, str):
        return value.get(key)
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        return value[key]
    return None
