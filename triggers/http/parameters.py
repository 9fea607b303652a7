"""Query parameters: every problem with them at once, parameters that nobody knows among them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from domain.errors import InvalidRequestError, Problem

E = TypeVar("E", bound=StrEnum)

# The Functions host's own: a function key in the address.
_KEY = "code"


class Query:
    """The parameters of one request; `check` raises InvalidRequestError with all that was found."""

    def __init__(self, parameters: Mapping[str, str], known: tuple[str, ...]) -> None:
        self._parameters = parameters
        self._problems = [
            Problem(field=name, message=f"is not a known parameter; use {', '.join(known)}")
            for name in parameters
            if name not in {*known, _KEY}
        ]

    def text(self, name: str) -> str:
        """The parameter, "" when it is not there."""
        return self._parameters.get(name) or ""

    def number(self, name: str, *, default: int, low: int, high: int) -> int:
        """A whole number in a range."""
        try:
            return whole_number(
                self._parameters.get(name), name, default=default, low=low, high=high
            )
        except InvalidRequestError as invalid:
            self._problems += invalid.problems
            return default

    def choice(self, kind: type[E], name: str) -> E | None:
        """One of an enumeration's values, None when it is not there."""
        text = self.text(name)
        try:
            return kind(text) if text else None
        except ValueError:
            self.refuse(name, f"must be one of {', '.join(kind)}")
            return None

    def refuse(self, name: str, message: str) -> None:
        """Note a problem with the parameter of that name."""
        self._problems.append(Problem(field=name, message=message))

    def check(self) -> None:
        """Raise InvalidRequestError if there is any problem."""
        if self._problems:
            raise InvalidRequestError(self._problems)


def whole_number(text: str | None, field: str, *, default: int, low: int, high: int) -> int:
    """A query parameter that is a whole number. Raises InvalidRequestError."""
    if text is None or text == "":
        return default
    short = len(text) <= 9 and text.isascii() and text.isdigit()
    if not short or not low <= int(text) <= high:
        raise InvalidRequestError(
            [Problem(field=field, message=f"must be a whole number from {low} to {high}")]
        )
    return int(text)
