"""Query parameters: all problems at once, and nothing unknown is ignored."""

import pytest

from domain.errors import InvalidRequestError
from domain.migration.stages import Stage
from triggers.http.parameters import Query


def test_good_parameters_are_read() -> None:
    """With their defaults; the host's own `code` is nobody's problem."""
    query = Query({"stage": "approval", "code": "key"}, ("stage", "limit", "cursor"))
    assert query.choice(Stage, "stage") is Stage.APPROVAL
    assert query.number("limit", default=50, low=1, high=200) == 50
    assert query.text("cursor") == ""
    query.check()


def test_every_problem_is_named_at_once() -> None:
    """A misspelt filter would show everything, so it is refused like a wrong value."""
    query = Query({"satge": "approval", "stage": "x", "limit": "0"}, ("stage", "limit"))
    query.choice(Stage, "stage")
    query.number("limit", default=50, low=1, high=200)
    query.refuse("cursor", "must be the cursor of an earlier page")
    with pytest.raises(InvalidRequestError) as refused:
        query.check()
    assert [p.field for p in refused.value.problems] == ["satge", "stage", "limit", "cursor"]
