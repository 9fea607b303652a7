"""Requests for boot tests are read strictly."""

import json
from typing import Any

import pytest

from domain.boot_test.requests import LONGEST_SCRIPT, BootTestWish, parse_boot_test
from domain.errors import InvalidRequestError
from tests.domain.boot_test.boots import VERSION


def parsed(**body: Any) -> Any:
    """The request in a body."""
    return parse_boot_test(json.dumps({"versionId": VERSION} | body).encode())


def test_a_version_is_enough() -> None:
    """Region and script are the deployment's then."""
    request = parsed()
    assert (request.version_id, request.region, request.script) == (VERSION, None, None)


def test_a_region_is_taken_in_any_spelling() -> None:
    """And kept in the short one."""
    assert parsed(region="East US 2").region == "eastus2"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"versionId": "x"}, "versionId"),
        ({"versionId": VERSION.rpartition("/versions/")[0]}, "versionId"),
        ({"region": ""}, "region"),
        ({"script": ""}, "script"),
        ({"script": "x" * (LONGEST_SCRIPT + 1)}, "script"),
        ({"script": 1}, "script"),
        ({"group": "g"}, "group"),
    ],
)
def test_a_wrong_field_is_named(body: dict[str, Any], field: str) -> None:
    """One problem each."""
    with pytest.raises(InvalidRequestError) as invalid:
        parsed(**body)
    assert [problem.field for problem in invalid.value.problems] == [field]


def test_the_longest_script_is_taken() -> None:
    """16 KB."""
    assert LONGEST_SCRIPT == 16384
    assert parsed(script="x").script == "x"
    assert len(parsed(script="x" * LONGEST_SCRIPT).script) == LONGEST_SCRIPT


@pytest.mark.parametrize("body", ['{"versionId": "x", "versionId": "y"}', "[]", "{"])
def test_what_is_no_object_or_says_something_twice_is_refused(body: str) -> None:
    """Whatever else is in it."""
    with pytest.raises(InvalidRequestError):
        parse_boot_test(body.encode())


def test_a_key_that_comes_twice_is_refused_though_all_else_is_right() -> None:
    """Two readers of it might see two requests."""
    body = json.dumps({"versionId": VERSION})
    with pytest.raises(InvalidRequestError):
        parse_boot_test((body[:-1] + ', "region": "eastus2", "region": "westus2"}').encode())


def test_a_wish_is_one_unless_it_says_no() -> None:
    """`{}` asks for a test."""
    assert BootTestWish.model_validate({}).enabled
    assert not BootTestWish.model_validate({"enabled": False}).enabled
