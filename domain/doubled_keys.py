"""Keys that stand twice in one object of a JSON text: two readers would see two different texts, and one was signed."""

import json
from typing import Any

from domain.errors import Problem


def doubled_keys(text: bytes) -> list[Problem]:
    """Return a problem for each doubled key, none when the text is no JSON: that is for its reader to say."""
    doubled: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in items]
        doubled.extend(sorted({name for name in names if names.count(name) > 1}))

    try:
        json.loads(text, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return []
    return [
        Problem(field=name or "body", message="stands there more than once; send it once")
        for name in doubled
    ]
