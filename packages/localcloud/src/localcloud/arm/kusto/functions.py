"""Kusto's functions, as far as the emulated Resource Graph has them: of one row, and of a group of rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localcloud.arm.kusto import values


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the values of its arguments; `most` None: of any number of them."""

    call: Callable[..., Any]
    fewest: int = 1
    most: int | None = 1


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A function of the values that its argument has in a group's rows; `bare` ones have none."""

    call: Callable[[list[Any]], Any]
    bare: bool = False


def _empty(value: Any) -> bool:
    return value is None or value == ""


def _coalesce(*given: Any) -> Any:
    return next((value for value in given if not _empty(value)), None)


def _whole(value: Any) -> int | None:
    try:
        return int(float(value))
    except (OverflowError, TypeError, ValueError):
        return None


def _boolean(value: Any) -> bool | None:
    return {"true": True, "false": False, "1": True, "0": False}.get(values.lowered(value))


def _parsed(value: Any) -> Any:
    """`parse_json`: a text that is no JSON stays one."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _length(value: Any) -> int | None:
    return len(value) if isinstance(value, list) else None


def _chosen(condition: Any, yes: Any, no: Any) -> Any:
    return yes if condition is True else no


def _negated(value: Any) -> bool | None:
    return None if value is None else value is False


def _split(value: Any, by: Any) -> list[str]:
    return values.text(value).split(values.text(by))


def _joined(*given: Any) -> str:
    return "".join(values.text(value) for value in given)


FUNCTIONS: dict[str, Function] = {
    "not": Function(_negated),
    "tostring": Function(values.text),
    "tolower": Function(values.lowered),
    "toupper": Function(lambda value: values.text(value).upper()),
    "toint": Function(_whole),
    "tolong": Function(_whole),
    "tobool": Function(_boolean),
    "parse_json": Function(_parsed),
    "todynamic": Function(_parsed),
    "isnull": Function(lambda value: value is None),
    "isnotnull": Function(lambda value: value is not None),
    "isempty": Function(_empty),
    "isnotempty": Function(lambda value: not _empty(value)),
    "array_length": Function(_length),
    "strlen": Function(lambda value: len(values.text(value))),
    "split": Function(_split, 2, 2),
    "strcat": Function(_joined, 1, None),
    "coalesce": Function(_coalesce, 2, None),
    "iff": Function(_chosen, 3, 3),
    "iif": Function(_chosen, 3, 3),
}


def _distinct(given: list[Any]) -> list[Any]:
    kept = {values.order(value): value for value in given if value is not None}
    return list(kept.values())


def _first(given: list[Any], *, last: bool) -> Any:
    ordered = sorted((value for value in given if value is not None), key=values.order)
    return ordered[-1 if last else 0] if ordered else None


AGGREGATES: dict[str, Aggregate] = {
    "count": Aggregate(len, bare=True),
    "countif": Aggregate(lambda given: sum(value is True for value in given)),
    "dcount": Aggregate(lambda given: len(_distinct(given))),
    "max": Aggregate(lambda given: _first(given, last=True)),
    "min": Aggregate(lambda given: _first(given, last=False)),
    "sum": Aggregate(lambda given: sum(v for v in given if isinstance(v, int | float))),
    "make_set": Aggregate(_distinct),
    "make_list": Aggregate(lambda given: [value for value in given if value is not None]),
}
