"""Epochs: the next one, by its number, or the present one gone on with; what was accepted is a fact."""

from __future__ import annotations

import pytest

from domain.audit.anchors import Anchor
from domain.audit.epochs import WrongEpochError, begun, check_next, parse_epoch
from domain.audit.events import Kind
from domain.callers.actors import Actor, ActorKind
from domain.errors import InvalidRequestError
from tests.domain.audit.chains import NOW, chain

ADMIN = Actor(kind=ActorKind.PERSON, id="oid", label="alan")


@pytest.mark.parametrize(("asked", "current"), [(2, 1), (3, 2), (2, 2), (9, 9)])
def test_the_next_epoch_may_begin_and_the_present_one_go_on(asked: int, current: int) -> None:
    """The same request sent again is the same epoch."""
    check_next(asked, current)


@pytest.mark.parametrize(("asked", "current"), [(1, 1), (3, 1), (1, 2), (2, 3), (0, 1)])
def test_no_other_epoch_begins(asked: int, current: int) -> None:
    """The text says which one is next."""
    with pytest.raises(
        WrongEpochError, match=f"The epoch is {current}; the next one is {current + 1}."
    ):
        check_next(asked, current)


def test_a_body_names_the_epoch() -> None:
    """And the reason, if there is one."""
    body = parse_epoch(b'{"epoch": 2, "reason": "a copy"}')
    assert (body.epoch, body.reason) == (2, "a copy")
    assert parse_epoch(b'{"epoch": 2}').reason == ""
    long = "x" * 1024
    assert parse_epoch(f'{{"epoch": 2, "reason": "{long}"}}'.encode()).reason == long


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b'{"epoch": 1}', "epoch"),
        (b'{"epoch": "2"}', "epoch"),
        (b"{}", "epoch"),
        (b"no JSON", "body"),
        (b'{"epoch": 2, "epoch": 3}', "epoch"),
        (b'{"epoch": 2, "by": "me"}', "by"),
        (b'{"epoch": 2, "reason": "' + b"x" * 1025 + b'"}', "reason"),
    ],
)
def test_another_body_is_refused(raw: bytes, field: str) -> None:
    """By the field that is wrong."""
    with pytest.raises(InvalidRequestError) as refused:
        parse_epoch(raw)
    assert field in [problem.field for problem in refused.value.problems]


def test_that_an_epoch_began_is_a_fact() -> None:
    """By whom, why, how many events were there, and how many had been written."""
    event = begun(2, Anchor(count=7, head="x"), chain(3), ADMIN, "a copy", NOW)
    assert (event.id, event.kind, event.at) == ("epoch 2", Kind.EPOCH, NOW)
    assert event.facts == {"epoch": 2, "events": 3, "were": 7}
    assert event.personal == {"by": ADMIN.model_dump(mode="json"), "reason": "a copy"}
    assert begun(2, None, [], ADMIN, "", NOW).facts == {"epoch": 2, "events": 0, "were": 0}
