"""A restore is asked for without a body, or with the place that it comes from."""

from __future__ import annotations

import pytest

from domain.errors import InvalidRequestError
from domain.restore.asking import asked_source
from domain.restore.recorded import Source


@pytest.mark.parametrize("body", [b"", b" \n", b"{}", b'{"from": "version"}'])
def test_the_version_is_what_it_comes_from(body: bytes) -> None:
    """Unless something else is said."""
    assert asked_source(body) is Source.VERSION


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b'{"from": "elsewhere"}', ["from"]),
        (b'{"from": "sources"}', ["from"]),
        (b'{"of": "version"}', ["of"]),
        (b"[]", ["body"]),
        (b"{", ["body"]),
        (b'{"from": "version", "from": "version"}', ["from"]),
        (b'{"from": "x", "from": "y"}', ["from", "from"]),
    ],
)
def test_anything_else_is_refused(body: bytes, fields: list[str]) -> None:
    """With every field that is wrong."""
    with pytest.raises(InvalidRequestError) as refused:
        asked_source(body)
    assert [problem.field for problem in refused.value.problems] == fields
