"""Tabular operators: from a query's text to a function of a table's rows.

What Resource Graph takes and this does not (joins, unions, parse, arithmetic, ...) is refused as a
language element that it does not know, never answered wrongly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localcloud.arm.kusto import values
from localcloud.arm.kusto.complaints import UNSUPPORTED, QueryError
from localcloud.arm.kusto.expressions import Reader, Term, Value, condition, expression, unresolved
from localcloud.arm.kusto.functions import AGGREGATES
from localcloud.arm.kusto.values import Row

Step = Callable[[list[Row]], list[Row]]
_ENDS = {("sign", "|"), ("end", "")}
# Resource Graph's own limits of mv-expand.
_EXPANDED, _MOST_EXPANDED = 128, 2000


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was understood: the table it begins with, its steps, the columns it ends with."""

    table: str
    steps: tuple[Step, ...]
    columns: tuple[str, ...]

    def run(self, rows: Iterable[Row]) -> list[Row]:
        """The rows that are left of the table's."""
        left = list(rows)
        for step in self.steps:
            left = step(left)
        return left


def read(text: str, tables: Mapping[str, Sequence[str]]) -> Query:
    """Understand a query over tables with these columns. Raises QueryError.

    Without a table it begins with the first one, as the earliest queries did.
    """
    reader = Reader(text)
    table = next(iter(tables))
    steps = []
    if reader.next.text in _OPERATORS:
        steps.append(_operator(reader, tables[table]))
    else:
        word = reader.next
        table = reader.name().lower()
        if table not in tables:
            raise QueryError(UNSUPPORTED, word.text)
        reader.columns = list(tables[table])
    while reader.next.kind != "end":
        reader.require("|")
        steps.append(_operator(reader))
    return Query(table, tuple(steps), tuple(reader.columns))


def _operator(reader: Reader, columns: Sequence[str] = ()) -> Step:
    if columns:
        reader.columns = list(columns)
    word = reader.next
    read_rest = _OPERATORS.get(reader.name())
    if read_rest is None:
        raise QueryError(UNSUPPORTED, word.text)
    return read_rest(reader)


def _where(reader: Reader) -> Step:
    passes = condition(reader)
    return lambda rows: [row for row in rows if passes(row) is True]


def _items(reader: Reader) -> list[tuple[str, Term]]:
    """`name = expression, ...`: all read in the columns as they were before."""
    found: list[tuple[str, Term]] = []
    while not found or reader.skip(","):
        name = reader.assigned()
        term = expression(reader)
        found.append((name or term.name or f"Column{len(found) + 1}", term))
    return found


def _values(row: Row, items: list[tuple[str, Term]]) -> Row:
    return {name: term.value(row) for name, term in items}


def _extend(reader: Reader) -> Step:
    items = _items(reader)
    reader.columns += [name for name, _ in items if name not in reader.columns]
    return lambda rows: [row | _values(row, items) for row in rows]


def _project(reader: Reader) -> Step:
    items = _items(reader)
    reader.columns = [name for name, _ in items]
    return lambda rows: [_values(row, items) for row in rows]


def _project_away(reader: Reader) -> Step:
    away = set(_names(reader))
    reader.columns = [name for name in reader.columns if name not in away]
    return lambda rows: [{k: v for k, v in row.items() if k not in away} for row in rows]


def _names(reader: Reader) -> list[str]:
    found: list[str] = []
    while not found or reader.skip(","):
        word = reader.next
        if reader.name() not in reader.columns:
            raise unresolved(word)
        found.append(word.text)
    return found


def _distinct(reader: Reader) -> Step:
    names = list(reader.columns) if reader.skip("*") else _names(reader)
    reader.columns = names

    def step(rows: list[Row]) -> list[Row]:
        kept = {_key(row, names): {name: row.get(name) for name in names} for row in rows}
        return list(kept.values())

    return step


def _key(row: Row, names: Iterable[str]) -> tuple[Any, ...]:
    return tuple(values.order(row.get(name)) for name in names)


def _take(reader: Reader) -> Step:
    most = reader.number()
    return lambda rows: rows[:most]


def _count(reader: Reader) -> Step:
    reader.columns = ["Count"]
    return lambda rows: [{"Count": len(rows)}]


def _order(reader: Reader) -> Step:
    reader.require("by")
    return _sorted(_orders(reader))


def _top(reader: Reader) -> Step:
    most = reader.number()
    reader.require("by")
    step = _sorted(_orders(reader))
    return lambda rows: step(rows)[:most]


def _orders(reader: Reader) -> list[tuple[Value, bool]]:
    """Expressions, each with whether it descends, as it does when nothing is said."""
    found: list[tuple[Value, bool]] = []
    while not found or reader.skip(","):
        value = expression(reader).value
        ascends = reader.skip("asc")
        if not ascends:
            reader.skip("desc")
        found.append((value, not ascends))
    return found


def _sorted(orders: list[tuple[Value, bool]]) -> Step:
    def step(rows: list[Row]) -> list[Row]:
        for value, descends in reversed(orders):
            keyed = [(values.order(value(row)), row) for row in rows]
            keyed.sort(key=lambda pair: pair[0], reverse=descends)
            rows = [row for _, row in keyed]
        return rows

    return step


def _summarize(reader: Reader) -> Step:
    made: list[tuple[str, Callable[[list[Row]], Any]]] = []
    grouped = reader.skip("by")
    while not grouped and (reader.next.kind, reader.next.text) not in _ENDS:
        if made:
            reader.require(",")
        made.append(_aggregate(reader))
        grouped = reader.skip("by")
    if not grouped and not made:
        raise reader.next.unread()
    by = _items(reader) if grouped else []
    reader.columns = [name for name, _ in by] + [name for name, _ in made]
    return lambda rows: _groups(rows, by, made)


def _aggregate(reader: Reader) -> tuple[str, Callable[[list[Row]], Any]]:
    name = reader.assigned()
    word = reader.next
    aggregate = AGGREGATES.get(reader.name())
    if aggregate is None:
        raise QueryError(UNSUPPORTED, word.text)
    reader.require("(")
    argument = None if aggregate.bare else expression(reader)
    reader.require(")")
    value: Value = argument.value if argument else lambda row: row
    usual = f"{word.text}_{argument.name if argument else ''}"
    return name or usual, lambda rows: aggregate.call([value(row) for row in rows])


def _groups(
    rows: list[Row],
    by: list[tuple[str, Term]],
    made: list[tuple[str, Callable[[list[Row]], Any]]],
) -> list[Row]:
    """Without `by` there is one group, of no rows too."""
    groups: dict[tuple[Any, ...], tuple[Row, list[Row]]] = {} if by else {(): ({}, [])}
    for row in rows:
        shown = _values(row, by)
        groups.setdefault(_key(shown, shown), (shown, []))[1].append(row)
    return [
        shown | {name: value(members) for name, value in made} for shown, members in groups.values()
    ]


def _mv_expand(reader: Reader) -> Step:
    name = reader.assigned()
    term = expression(reader)
    column = name or term.name
    most = reader.number() if reader.skip("limit") else _EXPANDED
    if not column or most > _MOST_EXPANDED:
        raise reader.next.unread()
    if column not in reader.columns:
        reader.columns.append(column)

    def step(rows: list[Row]) -> list[Row]:
        return [row | {column: part} for row in rows for part in _expanded(term.value(row))[:most]]

    return step


def _expanded(value: Any) -> list[Any]:
    """A row for each element, each pair of an object, or the one value; none for an empty list."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return [{key: part} for key, part in value.items()]
    return [value]


_OPERATORS: dict[str, Callable[[Reader], Step]] = {
    "where": _where,
    "filter": _where,
    "extend": _extend,
    "project": _project,
    "project-away": _project_away,
    "summarize": _summarize,
    "distinct": _distinct,
    "count": _count,
    "order": _order,
    "sort": _order,
    "top": _top,
    "take": _take,
    "limit": _take,
    "mv-expand": _mv_expand,
    "mvexpand": _mv_expand,
}
