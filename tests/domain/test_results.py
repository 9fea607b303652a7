"""Results of activities: errors are final unless they say otherwise."""

from __future__ import annotations

from domain.results import ActivityError, ActivityResult, ResultStatus


def test_an_error_that_does_not_say_so_does_not_pass_by_itself() -> None:
    """A history of an earlier deployment is not waited on for hours."""
    error = ActivityError.model_validate({"code": "Conflict", "message": "taken"})
    assert not error.transient
    assert str(error) == "Conflict: taken"


def test_a_result_carries_its_error_through_the_boundary() -> None:
    """As data, since exceptions lose their type on the way."""
    error = ActivityError(code="Busy", message="wait", transient=True, retry_after=2.5)
    result = ActivityResult(status=ResultStatus.ERROR, error=error)
    assert ActivityResult.model_validate(result.model_dump(mode="json")) == result
