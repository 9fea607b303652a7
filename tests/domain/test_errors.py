"""Problems: each finding by its place in the body, in words that say what to do."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, ValidationError

from domain.errors import InvalidRequestError, Problem, problems_of
from domain.values import StrictModel


def _even(number: int) -> int:
    if number % 2:
        raise ValueError(f"must be even, not {number}")
    return number


class Part(StrictModel):
    count: Annotated[int, AfterValidator(_even)] = 0


class Body(StrictModel):
    name: str = "web"
    parts: tuple[Part, ...] = ()
    share: float = 0.5


FOUND: dict[str, tuple[Any, str, str]] = {
    "not an object": ([], "body", "must be an object in braces"),
    "a field at the top": ({"name": 7}, "name", "must be a text in double quotes"),
    "a list": ({"parts": 7}, "parts", "must be a list in brackets"),
    "an entry of a list": ({"parts": [{}, 7]}, "parts[1]", "must be an object in braces"),
    "a field of an entry": (
        {"parts": [{"count": "2"}]},
        "parts[0].count",
        "must be a whole number",
    ),
    "a rule of our own": ({"parts": [{"count": 3}]}, "parts[0].count", "must be even, not 3"),
    "what has no words of ours": ({"share": "x"}, "share", "Input should be a valid number"),
}


@pytest.mark.parametrize(("body", "field", "message"), FOUND.values(), ids=FOUND)
def test_a_finding_has_its_place_and_our_words(body: Any, field: str, message: str) -> None:
    """Pydantic's own only where we have none."""
    with pytest.raises(ValidationError) as caught:
        Body.model_validate_json(json.dumps(body))
    assert problems_of(caught.value) == [Problem(field=field, message=message)]


def test_an_invalid_request_tells_all_its_problems() -> None:
    """As values, and in one text for the log."""
    problems = [Problem(field="a", message="is required"), Problem(field="b", message="is wrong")]
    error = InvalidRequestError(problems)
    assert error.problems == problems
    assert str(error) == "a: is required; b: is wrong"
