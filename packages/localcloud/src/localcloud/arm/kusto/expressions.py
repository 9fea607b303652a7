"""Scalar expressions of a query, read into functions of a row.

either := both ("or" both)*            both := compared ("and" compared)*
compared := term [sign term | in-sign "(" literals ")"]
term := literal | "(" either ")" | function "(" either, ... ")" | column, each with .name and [key]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localcloud.arm.kusto import values
from localcloud.arm.kusto.complaints import UNSUPPORTED, QueryError
from localcloud.arm.kusto.functions import FUNCTIONS
from localcloud.arm.kusto.tokens import Token, words
from localcloud.arm.kusto.values import Row

Value = Callable[[Row], Any]
_LITERALS: dict[str, Any] = {"true": True, "false": False, "null": None}
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "==": values.same,
    "=~": values.alike,
    "<": values.less,
    ">": lambda left, right: values.less(right, left),
    "<=": lambda left, right: values.less(left, right) or values.same(left, right),
    ">=": lambda left, right: values.less(right, left) or values.same(left, right),
    "has": values.has,
    "contains": values.contains,
    "startswith": values.begins,
    "endswith": values.ends,
}
_DENIED = {"!=": "==", "!~": "=~"} | {
    f"!{word}": word for word in ("has", "contains", "startswith", "endswith")
}
_LISTED = {"in": values.same, "in~": values.alike}


@dataclass(frozen=True, slots=True)
class Term:
    """An expression: its value in a row, and the name its column gets where none is given."""

    value: Value
    name: str = ""


class Reader:
    """Goes through the words of a query. `columns` are the names that mean something where it stands."""

    def __init__(self, query: str) -> None:
        self._words = words(query)
        self._at = 0
        self.columns: list[str] = []

    @property
    def next(self) -> Token:
        """The word that comes next."""
        return self._words[self._at]

    def take(self) -> Token:
        """Go past the next word and return it."""
        taken = self.next
        self._at = min(self._at + 1, len(self._words) - 1)
        return taken

    def skip(self, *texts: str) -> bool:
        """Go past the next word if it is one of these signs or names."""
        fits = self.next.kind in ("sign", "name") and self.next.text in texts
        if fits:
            self.take()
        return fits

    def require(self, text: str) -> None:
        """Go past this word. Raises QueryError where another one stands."""
        if not self.skip(text):
            raise self.next.unread()

    def name(self) -> str:
        """Go past a name and return it. Raises QueryError where none stands."""
        if self.next.kind != "name":
            raise self.next.unread()
        return self.take().text

    def number(self) -> int:
        """Go past a whole number and return it. Raises QueryError where none stands."""
        if self.next.kind != "number" or not self.next.text.isdecimal():
            raise self.next.unread()
        return int(self.take().text)

    def assigned(self) -> str | None:
        """Go past `name =` and return the name, if that stands here."""
        follows = self._words[min(self._at + 1, len(self._words) - 1)]
        if self.next.kind != "name" or (follows.kind, follows.text) != ("sign", "="):
            return None
        name = self.take().text
        self.take()
        return name


def expression(reader: Reader) -> Term:
    """The expression that stands here. Raises QueryError."""
    return _either(reader)


def condition(reader: Reader) -> Value:
    """The expression that stands here, as the argument of `where`."""
    return _either(reader).value


def _either(reader: Reader) -> Term:
    first = _both(reader)
    while reader.skip("or"):
        first = _combined(first.value, _both(reader).value, decides=True)
    return first


def _both(reader: Reader) -> Term:
    first = _compared(reader)
    while reader.skip("and"):
        first = _combined(first.value, _compared(reader).value, decides=False)
    return first


def _combined(left: Value, right: Value, *, decides: bool) -> Term:
    """`or` is decided by a true side, `and` by one that is not true."""
    return Term(lambda row: decides if (left(row) is True) is decides else right(row) is True)


def _compared(reader: Reader) -> Term:
    left = _term(reader)
    sign = reader.next.text if reader.next.kind in ("sign", "name") else ""
    if sign in _COMPARED:
        reader.take()
        return _test(left.value, _COMPARED[sign], _term(reader).value, wanted=True)
    if sign in _DENIED:
        reader.take()
        return _test(left.value, _COMPARED[_DENIED[sign]], _term(reader).value, wanted=False)
    if sign.removeprefix("!") in _LISTED:
        reader.take()
        compare, wanted = _LISTED[sign.removeprefix("!")], not sign.startswith("!")
        listed = _arguments(reader)
        return Term(
            lambda row: any(compare(left.value(row), term.value(row)) for term in listed) is wanted
        )
    return left


def _test(left: Value, compare: Callable[[Any, Any], bool], right: Value, *, wanted: bool) -> Term:
    return Term(lambda row: compare(left(row), right(row)) is wanted)


def _term(reader: Reader) -> Term:
    word = reader.next
    if word.kind == "string":
        return _parts(reader, _constant(reader.take().text))
    if word.kind == "number":
        text = reader.take().text
        return _constant(float(text) if "." in text else int(text))
    if reader.skip("("):
        inner = _either(reader)
        reader.require(")")
        return _parts(reader, inner)
    name = reader.name()
    if name in _LITERALS:
        return _constant(_LITERALS[name])
    if (reader.next.kind, reader.next.text) == ("sign", "("):
        return _parts(reader, _called(reader, word))
    return _parts(reader, _column(reader, word))


def _constant(value: Any) -> Term:
    return Term(lambda _row: value)


def _column(reader: Reader, word: Token) -> Term:
    name = word.text
    if name not in reader.columns:
        raise unresolved(word)
    return Term(lambda row: row.get(name), name)


def unresolved(word: Token) -> QueryError:
    """The refusal of a column that does not exist; Kusto's words, Resource Graph's code for it is not known."""
    text = f"Failed to resolve scalar expression named '{word.text}'"
    return QueryError("InvalidQuery", word.text, line=word.line, column=word.column, message=text)


def _called(reader: Reader, word: Token) -> Term:
    function = FUNCTIONS.get(word.text)
    if function is None:
        raise QueryError(UNSUPPORTED, word.text)
    given = _arguments(reader)
    if len(given) < function.fewest or (function.most and len(given) > function.most):
        raise word.unread()
    name = given[0].name if len(given) == 1 else ""
    return Term(lambda row: function.call(*(term.value(row) for term in given)), name)


def _arguments(reader: Reader) -> list[Term]:
    reader.require("(")
    given: list[Term] = []
    while not reader.skip(")"):
        if given:
            reader.require(",")
        given.append(_either(reader))
    return given


def _parts(reader: Reader, whole: Term) -> Term:
    """The expression with the `.name` and `[key]` behind it."""
    while True:
        if reader.skip("."):
            whole = _part(whole, reader.name())
        elif reader.skip("["):
            literal = reader.next.kind == "string"
            whole = _part(whole, reader.take().text if literal else reader.number())
            reader.require("]")
        else:
            return whole


def _part(whole: Term, key: str | int) -> Term:
    value = whole.value
    return Term(lambda row: values.member(value(row), key), f"{whole.name}_{key}".lstrip("_"))
