"""The bodies of requests, as the Functions host hands them on."""

import azure.functions as func


class LengthRequiredError(Exception):
    """The body did not reach the app, since it came without its length."""


def body_of(req: func.HttpRequest) -> bytes:
    """The body of a request to a route that reads one. Raises LengthRequiredError.

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
