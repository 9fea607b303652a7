"""Values: plain JSON on the wire, tolerant in history, strict at the edge, and never changed."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.values import Message, StrictModel, iso_duration


class Colour(StrEnum):
    RED = "red"


class Told(Message):
    first_colour: Colour = Colour.RED
    how_many: int = 1


class Asked(StrictModel):
    how_many: int = 1


def test_a_message_is_plain_json_in_camel_case() -> None:
    """No class of ours is in what crosses the boundary."""
    wire = Told(how_many=2).model_dump(mode="json")
    assert wire == {"firstColour": "red", "howMany": 2}
    assert type(wire["firstColour"]) is str


def test_a_message_ignores_what_it_does_not_know() -> None:
    """Histories and records outlive deployments; both spellings of a name are read."""
    assert Told.model_validate({"howMany": 3, "addedLater": True}) == Told(how_many=3)
    assert Told.model_validate({"how_many": 3}) == Told(how_many=3)


@pytest.mark.parametrize("body", [{"howMany": "3"}, {"howMany": 3.0}, {"addedLater": 1}], ids=str)
def test_what_a_person_sends_is_taken_as_it_is_or_not_at_all(body: dict[str, object]) -> None:
    """No loose types, no unknown fields."""
    with pytest.raises(ValidationError):
        Asked.model_validate(body)
    assert Told.model_validate(body).how_many in (1, 3)


@pytest.mark.parametrize("value", [Told(), Asked()], ids=repr)
def test_a_value_does_not_change(value: Message) -> None:
    """Whoever holds one holds the same for ever, so it may stand in a set."""
    with pytest.raises(ValidationError):
        value.how_many = 2  # type: ignore[attr-defined]
    assert len({value, value.model_copy()}) == 1


DURATIONS = {
    "PT0S": timedelta(0),
    "PT1S": timedelta(seconds=1),
    "PT59S": timedelta(seconds=59),
    "PT1M": timedelta(minutes=1),
    "PT1H": timedelta(hours=1),
    "PT1H30M": timedelta(hours=1, minutes=30),
    "PT23H59M59S": timedelta(days=1, seconds=-1),
    "P1D": timedelta(days=1),
    "P3DT1S": timedelta(days=3, seconds=1),
    "P90D": timedelta(days=90),
}


@pytest.mark.parametrize(("text", "length"), DURATIONS.items(), ids=DURATIONS)
def test_a_duration_is_written_as_people_write_it(text: str, length: timedelta) -> None:
    """In the largest units, without those of which there are none."""
    assert iso_duration(length) == text


@given(st.integers(0, 10**8))
def test_a_duration_that_was_written_is_read_again(seconds: int) -> None:
    """By the reader of the settings and requests."""
    length = timedelta(seconds=seconds)
    assert TypeAdapter(timedelta).validate_python(iso_duration(length)) == length
