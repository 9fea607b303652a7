"""The refusal of a query, as Resource Graph reports it among the details of its 400."""

from __future__ import annotations

from typing import Any

# Recorded: for an operator or function that Kusto has and Resource Graph does not take.
UNSUPPORTED = "InvalidQueryLanguage"
# Recorded: for a text that is no query.
UNREADABLE = "ParserFailure"


class QueryError(Exception):
    """A query that is not taken: its code, and the token at which reading ended.

    line counts from 1, column from 0; both are -1 where the token alone is told.
    """

    def __init__(
        self, code: str, token: str, *, line: int = -1, column: int = -1, message: str | None = None
    ) -> None:
        super().__init__(f"{code} at {token!r}")
        self.code = code
        self.token = token
        self.line = line
        self.column = column
        self.message = message or code

    def as_detail(self) -> dict[str, Any]:
        """The entry among the error's details."""
        place = {"line": self.line, "characterPositionInLine": self.column}
        return {"code": self.code, "message": self.message, **place, "token": self.token}
