"""Bodies held to the types that Microsoft generates from newer specifications (`bicep-types-az`).

They are coarser than a swagger: names, types, required and read-only properties, closed sets of
values. For scale sets they are all that was saved.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from packages.localcloud.tests.arm.spec.swagger import SPECS

TYPES = SPECS.parent / "bicep-types-az" / "microsoft.compute" / "2026-04-01" / "types.json"
_REQUIRED, _READ_ONLY, _WRITE_ONLY = 1, 2, 4
_PLAIN = {"StringType": str, "IntegerType": int, "BooleanType": bool}

Type = dict[str, Any]


@cache
def table() -> tuple[list[Type], dict[str, int]]:
    """All types, and the place of each resource's body by its name in lower case."""
    types: list[Type] = json.loads(TYPES.read_text("utf-8"))
    bodies = {
        str(kind["name"]).partition("@")[0].lower(): _place(kind["body"])
        for kind in types
        if kind["$type"] == "ResourceType"
    }
    return types, bodies


def _place(reference: Type) -> int:
    return int(str(reference["$ref"]).rpartition("/")[2])


def faults(kind: str, body: Any, *, sent: bool) -> list[str]:
    """Return everything that is wrong with a resource of this type, as it is sent or answered."""
    types, bodies = table()
    return list(_faults(types[bodies[kind.lower()]], body, "", sent=sent))


def _faults(kind: Type, value: Any, at: str, *, sent: bool) -> Iterator[str]:
    types, _ = table()
    name = kind["$type"]
    if name in _PLAIN:
        if not isinstance(value, _PLAIN[name]) or isinstance(value, bool) != (
            name == "BooleanType"
        ):
            yield f"{at}: {value!r} is no {name}"
    elif name == "ArrayType":
        yield from _elements(types[_place(kind["itemType"])], value, at, sent=sent)
    elif name == "UnionType":
        yield from _choice([types[_place(one)] for one in kind["elements"]], value, at)
    elif name == "StringLiteralType":
        if value != kind["value"]:
            yield f"{at}: {value!r} is not {kind['value']!r}"
    elif name == "ObjectType":
        yield from _object(kind, value, at, sent=sent)


def _elements(kind: Type, value: Any, at: str, *, sent: bool) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{at}: no list"
        return
    for number, element in enumerate(value):
        yield from _faults(kind, element, f"{at}[{number}]", sent=sent)


def _choice(kinds: list[Type], value: Any, at: str) -> Iterator[str]:
    """A set is closed unless plain texts are among its values."""
    known = [kind["value"] for kind in kinds if kind["$type"] == "StringLiteralType"]
    free = any(kind["$type"] != "StringLiteralType" for kind in kinds)
    spelt = [text for text in known if str(text).lower() == str(value).lower()]
    if value not in known and (not free or spelt):
        yield f"{at}: {value!r} is none of {known}"


def _object(kind: Type, value: Any, at: str, *, sent: bool) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{at}: no object"
        return
    types, _ = table()
    known = kind["properties"]
    rest = kind.get("additionalProperties")
    for key, part in value.items():
        place = f"{at}/{key}"
        if key in known and part is not None:
            if known[key]["flags"] & (_READ_ONLY if sent else _WRITE_ONLY):
                yield f"{place}: is {'read' if sent else 'write'}-only"
            yield from _faults(types[_place(known[key]["type"])], part, place, sent=sent)
        elif key not in known and rest is None:
            yield f"{place}: unknown"
    # The name of a resource is in its path, so a body that is sent lacks it.
    wanted = [key for key, one in known.items() if one["flags"] & _REQUIRED and key != "name"]
    yield from (f"{at}/{key}: is missing" for key in wanted if key not in value)
