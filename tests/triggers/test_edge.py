"""The HTTP edge: what goes wrong anywhere becomes a plain problem answer, and a bug leaks nothing."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import azure.functions as func
import pytest

from domain.callers.actors import Caller
from domain.errors import InvalidRequestError, Problem
from domain.migration.requests import MAX_BODY_BYTES
from domain.settings import InvalidSettingsError
from records.store import RecordsUnavailableError
from services.dependencies import Dependencies
from tests.credentials import HEADERS
from triggers.http.guard import guarded
from triggers.http.parameters import whole_number
from triggers.http.responses import MOST_ERRORS, json_response

pytestmark = pytest.mark.usefixtures("own_records")

PROBLEMS = [Problem(field="limit", message="x"), Problem(field="cursor", message="y")]
RAISED: dict[str, tuple[Exception, int]] = {
    "a wrong request": (InvalidRequestError(PROBLEMS), 400),
    "an outage of the records": (RecordsUnavailableError("file is locked", 7), 503),
    "wrong settings": (InvalidSettingsError(PROBLEMS), 500),
    "a bug": (KeyError("s3cret"), 500),
}


def handled(raised: Exception | None, body: bytes = b"") -> func.HttpResponse:
    @guarded
    async def health(_: Dependencies, _caller: Caller, req: func.HttpRequest) -> func.HttpResponse:
        if raised:
            raise raised
        return json_response(200, {"ok": True})

    async def whole() -> func.HttpResponse:
        return await health(func.HttpRequest("POST", "/api/x", headers=HEADERS, body=body))

    return asyncio.run(whole())


def said(response: func.HttpResponse) -> Any:
    return json.loads(response.get_body())


@pytest.mark.parametrize(("raised", "status"), RAISED.values(), ids=RAISED)
def test_whatever_is_raised_becomes_a_problem(raised: Exception, status: int) -> None:
    """`application/problem+json`, never cached, nothing of the exception's own text for a bug."""
    response = handled(raised)
    assert (response.status_code, said(response)["status"]) == (status, status)
    assert response.mimetype == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    assert "s3cret" not in response.get_body().decode()


def test_all_field_errors_are_in_the_answer() -> None:
    """Every field at once."""
    fields = [error["field"] for error in said(handled(RAISED["a wrong request"][0]))["errors"]]
    assert fields == ["limit", "cursor"]


def test_an_outage_says_when_to_come_back() -> None:
    """Retry-After is what the records' backend asked for."""
    assert handled(RAISED["an outage of the records"][0]).headers["Retry-After"] == "7"


@pytest.mark.parametrize(("size", "status"), [(MAX_BODY_BYTES, 200), (MAX_BODY_BYTES + 1, 413)])
def test_bodies_over_64_kib_are_refused(size: int, status: int) -> None:
    """Before anything looks at them."""
    assert handled(None, b"x" * size).status_code == status


@pytest.mark.parametrize(("text", "number"), [(None, 50), ("", 50), ("1", 1), ("200", 200)])
def test_a_whole_number_is_read(text: str | None, number: int) -> None:
    """Nothing means the default."""
    assert whole_number(text, "limit", default=50, low=1, high=200) == number


@pytest.mark.parametrize(
    "text", ["0", "201", "-1", "1.5", "1e2", " 1", "x", "٣", "9" * 5000, "0000001009999"]
)
def test_what_is_no_whole_number_in_range_is_named(text: str) -> None:
    """With the range."""
    with pytest.raises(InvalidRequestError) as caught:
        whole_number(text, "limit", default=50, low=1, high=200)
    assert caught.value.problems == [
        Problem(field="limit", message="must be a whole number from 1 to 200")
    ]


def test_an_answer_lists_so_many_errors_and_counts_the_others() -> None:
    """A body of 64 KB can have thousands of them."""
    many = [Problem(field=f"f{number}", message="is not known") for number in range(7000)]
    body = said(handled(InvalidRequestError(many)))
    assert [error["field"] for error in body["errors"]] == [f"f{n}" for n in range(MOST_ERRORS)]
    assert body["moreErrors"] == 7000 - MOST_ERRORS
    assert "moreErrors" not in said(handled(InvalidRequestError(many[:MOST_ERRORS])))
