"""Change numbers: demanded with what the deployment says, and of the form that it says."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.approval.change_numbers import ChangeNumber, ChangeNumberRule, DemandedWith
from domain.errors import InvalidRequestError

REQUEST, DECISION, BOTH = DemandedWith.REQUEST, DemandedWith.DECISION, DemandedWith.BOTH


def rule(demanded: DemandedWith = REQUEST, pattern: str = "CHG[0-9]{4}") -> ChangeNumberRule:
    return ChangeNumberRule(pattern=pattern, demanded_with=demanded)


@pytest.mark.parametrize(
    ("demanded", "where"),
    [(REQUEST, REQUEST), (DECISION, DECISION), (BOTH, REQUEST), (BOTH, DECISION)],
)
@pytest.mark.parametrize("given", ["", "CHG123", "CHG12345", "xCHG1234", "chg1234", "CHG1234\n"])
def test_where_one_is_demanded_a_wrong_one_is_refused(
    demanded: DemandedWith, where: DemandedWith, given: str
) -> None:
    """None at all, or one that does not match as a whole; the answer names field and pattern."""
    with pytest.raises(InvalidRequestError) as refused:
        rule(demanded).check(given, where)
    (problem,) = refused.value.problems
    assert problem.field == "changeNumber"
    assert problem.message == "must be a change number that matches CHG[0-9]{4}"


@pytest.mark.parametrize("demanded", DemandedWith)
@pytest.mark.parametrize("where", [REQUEST, DECISION])
def test_a_right_one_is_taken(demanded: DemandedWith, where: DemandedWith) -> None:
    """Also where none is demanded."""
    rule(demanded).check("CHG1234", where)


@pytest.mark.parametrize(("demanded", "where"), [(REQUEST, DECISION), (DECISION, REQUEST)])
def test_where_none_is_demanded_none_is_needed(demanded: DemandedWith, where: DemandedWith) -> None:
    """But one that is given must be right."""
    rule(demanded).check("", where)
    with pytest.raises(InvalidRequestError):
        rule(demanded).check("CHG1", where)


@pytest.mark.parametrize("given", ["", "anything"])
def test_without_a_pattern_all_goes(given: str) -> None:
    """A deployment that demands none takes note of what is given."""
    rule(BOTH, "").check(given, REQUEST)


@pytest.mark.parametrize("given", ["", "CHG 1", "x" * 100])
def test_a_number_is_one_line(given: str) -> None:
    """Of a hundred characters at most."""
    assert TypeAdapter(ChangeNumber).validate_python(given) == given


@pytest.mark.parametrize("given", ["x" * 101, "a\nb", "a\u202eb"])
def test_what_cannot_be_read_is_no_number(given: str) -> None:
    """It is shown to people."""
    with pytest.raises(ValidationError):
        TypeAdapter(ChangeNumber).validate_python(given)
