"""Errors that a request itself can have: a number that is none."""

from domain.errors import InvalidRequestError, Problem


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
