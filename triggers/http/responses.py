"""Answers over HTTP: JSON, and problems as RFC 9457 `application/problem+json` with every field error."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import azure.functions as func

from domain.errors import Problem

_TITLES = {
    400: "The request cannot be read",
    401: "The signature is missing or wrong",
    404: "There is no such migration",
    409: "This does not go together with what is already going on",
    411: "The length of the body is missing",
    413: "The request is too large",
    422: "There is no plan for this request",
    500: "Something broke here",
    502: "Azure cannot answer",
    503: "Not now",
}

MOST_ERRORS = 100
"""Entries in an answer: a body of 64 KB can have thousands of wrong fields, each told in more words than it has."""


def json_response(
    status: int, body: Any, headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    """A JSON answer; never cached."""
    return func.HttpResponse(
        json.dumps(body),
        status_code=status,
        mimetype="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def problem_response(
    status: int,
    detail: str,
    errors: Sequence[Problem] = (),
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> func.HttpResponse:
    """A problem answer; `errors` holds one entry for each wrong field, up to `MOST_ERRORS`, and `moreErrors` how many
    there are besides."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": _TITLES[status],
        "status": status,
        "detail": detail,
        **more,
    }
    if errors:
        body["errors"] = [error.model_dump(mode="json") for error in errors[:MOST_ERRORS]]
    if len(errors) > MOST_ERRORS:
        body["moreErrors"] = len(errors) - MOST_ERRORS
    return func.HttpResponse(
        json.dumps(body),
        status_code=status,
        mimetype="application/problem+json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def unavailable(detail: str, retry_after: float | None = None) -> func.HttpResponse:
    """A 503 that says when to come back."""
    return problem_response(
        503, detail, headers={"Retry-After": str(max(1, round(retry_after or 10)))}
    )
