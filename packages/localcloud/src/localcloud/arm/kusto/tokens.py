"""The words of a query."""

from __future__ import annotations

import re
from dataclasses import dataclass

from localcloud.arm.kusto.complaints import UNREADABLE, QueryError

_WORDS = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*)
  | (?P<string>@'(?:[^']|'')*'|@"(?:[^"]|"")*"|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")
  | (?P<number>\d+(?:\.\d+)?)
  | (?P<sign>![a-z]+~?|in~|==|=~|!=|!~|<=|>=|[<>=|()\[\],.*])
  | (?P<name>[A-Za-z_]\w*(?:-[a-z]+)*)
    """,
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True, slots=True)
class Token:
    """A word: `kind` is string, number, sign, name or end; `text` of a string is its value."""

    kind: str
    text: str
    line: int
    column: int

    def unread(self) -> QueryError:
        """The refusal of a query that cannot go on with this word."""
        return QueryError(UNREADABLE, self.text or "<EOF>", line=self.line, column=self.column)


def words(query: str) -> list[Token]:
    """The words of a query, and an end. Raises QueryError at the first character that begins none."""
    found: list[Token] = []
    at = 0
    while at < len(query):
        match = _WORDS.match(query, at)
        line = query.count("\n", 0, at) + 1
        column = at - (query.rfind("\n", 0, at) + 1)
        if match is None or match.lastgroup is None:
            raise Token("sign", query[at], line, column).unread()
        if match.lastgroup != "space":
            text = match.group()
            text = _value(text) if match.lastgroup == "string" else text
            found.append(Token(match.lastgroup, text, line, column))
        at = match.end()
    lines = query.split("\n")
    return [*found, Token("end", "", len(lines), len(lines[-1]))]


def _value(literal: str) -> str:
    if literal[0] == "@":
        quote = literal[1]
        return literal[2:-1].replace(quote * 2, quote)
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), literal[1:-1])
