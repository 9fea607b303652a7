"""The body of a decision: readable names, each key once, every problem told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic.alias_generators import to_camel

from domain.approval.submissions import parse_decision, parse_persons_decision
from domain.errors import InvalidRequestError

GOOD = {"migrationId": "m-1", "fingerprint": "v1-a-b", "decision": "reject", "approver": "Ädá Ö."}
GOOD["statementHash"] = "a" * 64


def fields(text: str) -> list[str]:
    """The fields that a body is refused for."""
    with pytest.raises(InvalidRequestError) as refused:
        parse_decision(text.encode())
    return [problem.field for problem in refused.value.problems]


def test_a_readable_decision_is_read() -> None:
    """Names in any script; a reason may have lines."""
    said = parse_decision(json.dumps(GOOD | {"reason": "seen\nand tested\tby 山田"}).encode())
    assert (said.decision, said.approver) == ("reject", "Ädá Ö.")


@pytest.mark.parametrize(
    "name", ["", " ", "\u2003", "a\tb", "a\r", "\x1b[2J", "a\u200bb", "\u2066a", "a\u2028b"]
)
def test_17_a_name_that_cannot_be_read_is_refused(name: str) -> None:
    """Blanks, controls, and what shows otherwise than it is."""
    assert fields(json.dumps(GOOD | {"approver": name})) == ["approver"]


def test_17_nor_may_a_reason_hide_anything() -> None:
    """It stands in the status and in the log."""
    assert fields(json.dumps(GOOD | {"reason": "fine\u202e"})) == ["reason"]


def test_17_the_first_character_that_cannot_be_read_is_named() -> None:
    """Escaped, or the answer would hold it too."""
    with pytest.raises(InvalidRequestError, match=r"'\\x07'"):
        parse_decision(json.dumps(GOOD | {"reason": "a\u202eb\x07"}).encode())


@pytest.mark.parametrize("given", [{}, {"statementHash": ""}])
@pytest.mark.parametrize("decision", ["approve", "withdraw", "reject"])
def test_what_is_decided_on_has_to_be_named(decision: str, given: dict[str, str]) -> None:
    """By the hash of the statement; but a rejection, which keeps the image, says enough."""
    said = {name: text for name, text in GOOD.items() if name != "statementHash"}
    body = json.dumps(said | given | {"decision": decision})
    if decision == "reject":
        assert parse_decision(body.encode()).statement_hash == ""
    else:
        assert fields(body) == ["statementHash"]


def test_the_hash_and_the_change_number_are_read() -> None:
    """To the letter."""
    said = parse_decision(json.dumps(GOOD | {"changeNumber": "CHG 1"}).encode())
    assert (said.statement_hash, said.change_number) == ("a" * 64, "CHG 1")


def test_somebody_who_signed_in_says_the_same_without_a_name() -> None:
    """It comes from their token."""
    said = {name: text for name, text in GOOD.items() if name != "approver"}
    read = parse_persons_decision(json.dumps(said).encode(), "Ada")
    assert (read.approver, read.statement_hash) == ("Ada", "a" * 64)
    with pytest.raises(InvalidRequestError):
        parse_persons_decision(json.dumps(GOOD).encode(), "Ada")


@pytest.mark.parametrize(
    ("name", "longest"),
    [("approver", 256), ("reason", 2000), ("statement_hash", 64), ("change_number", 100)],
)
def test_a_text_has_a_longest_length(name: str, longest: int) -> None:
    """It lies in a record; one character is enough."""
    for length in (1, longest):
        said = parse_decision(json.dumps(GOOD | {to_camel(name): "x" * length}).encode())
        assert getattr(said, name) == "x" * length
    too_long = json.dumps(GOOD | {to_camel(name): "x" * (longest + 1)})
    assert fields(too_long) == [to_camel(name)]


def test_the_reason_of_somebody_who_has_signed_in_has_a_longest_length_too() -> None:
    """Their name is that of the sign-in, and none that they write."""
    body = {name: value for name, value in GOOD.items() if name != "approver"}
    for reason in ("", "x" * 2000):
        said = parse_persons_decision(json.dumps(body | {"reason": reason}).encode(), "Ada")
        assert (said.approver, said.reason) == ("Ada", reason)
    for wrong in ({"reason": "x" * 2001}, {"approver": "Bob"}):
        with pytest.raises(InvalidRequestError) as refused:
            parse_persons_decision(json.dumps(body | wrong).encode(), "Ada")
        assert [problem.field for problem in refused.value.problems] == list(wrong)


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ('"decision": "approve"', ["decision"]),
        ('"approver": "bob", "decision": "approve"', ["approver", "decision"]),
        ('"decision": "maybe"', ["decision", "decision"]),
        ('"extra": {"a": 1, "a": 2}', ["a", "extra"]),
    ],
)
def test_17_a_key_that_stands_there_twice_is_refused(more: str, found: list[str]) -> None:
    """At any depth, beside what else is wrong."""
    assert fields(f"{json.dumps(GOOD)[:-1]}, {more}}}") == found


@pytest.mark.parametrize("text", ["", "approve", "[" * 60_000, '{"a": ' + "9" * 5000 + "}"])
def test_what_is_no_decision_is_refused_in_words(text: Any) -> None:
    """However odd."""
    assert fields(text)
