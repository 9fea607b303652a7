"""Errors that a request itself can have: a body that was lost on the way, a number that is none."""

import azure.functions as func

from domain.errors import InvalidRequestError, Problem


class LengthRequiredError(Exception):
    """The body did not reach the app, since it came without its length."""


def body_of(req: func.HttpRequest) -> bytes:
    """The body of a request to a route that reads one. Raises LengthRequired.

    The Functions host hands on only bodies with a Content-Length: a chunked one reaches the app as an empty one, which
    has no JSON and no valid signature, and whoever sent it would look for the error there.
    """
    body = req.get_body()
    if not body and "chunked" in (req.headers.get("Transfer-Encoding") or "").lower():
        raise LengthRequiredError(
            "The body came in chunks, and the Functions host does not hand those on. Send it whole, with a "
            "Content-Length and without Transfer-Encoding."
        )
    return body


def whole_number(text: str | None, field: str, *, default: int, low: int, high: int) -> int:
    """A query parameter that is a whole number. Raises InvalidRequest."""
    if text is None or text == "":
        return default
    short = len(text) <= 9 and text.isascii() and text.isdigit()
    if not short or not low <= int(text) <= high:
        raise InvalidRequestError(
            [Problem(field=field, message=f"must be a whole number from {low} to {high}")]
        )
    return int(text)
