"""Query parameters: every problem with them at once, parameters that nobody knows among them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from domain.errors import InvalidRequestError, Problem
from triggers.http.errors import whole_number

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
