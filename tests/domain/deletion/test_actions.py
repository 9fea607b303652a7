"""Every check has an action, and docs/deletion.md has the same table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from domain.deletion.actions import NEXT_ACTIONS, completed, next_action, refusals
from domain.deletion.evidence import Check
from domain.deletion.gate import check_gate
from tests.domain.deletion.test_gate import question, readings

DOCS = (Path(__file__).parents[3] / "docs/deletion.md").read_text()
ROW = re.compile(r"^\| `([^`]+)` \| (.+) \| (.+) \|$", re.MULTILINE)
SHUT = Check(name="full replication", passed=False, found="Shallow")
OPEN = Check(name="version succeeded", passed=True, found="Succeeded")


def test_the_gate_makes_the_checks_of_the_table_and_no_others() -> None:
    """Each once."""
    names = [check.name for check in check_gate(readings(), question())]
    assert sorted(names) == sorted(NEXT_ACTIONS)


def test_the_document_has_each_check_with_its_evidence_and_action() -> None:
    """In the same words."""
    section = DOCS.partition("## The checks")[2].partition("\n## ")[0]
    rows = {name: (evidence, action) for name, evidence, action in ROW.findall(section)}
    assert {name: action.replace("`", "") for name, (_, action) in rows.items()} == NEXT_ACTIONS
    assert all(len(evidence) > 10 for evidence, _ in rows.values())


def test_a_refusal_names_the_check_what_was_found_and_what_to_do() -> None:
    """Of those that did not hold only."""
    assert refusals([OPEN]) == []
    assert refusals([OPEN, SHUT]) == [
        f"full replication: no (Shallow); {NEXT_ACTIONS['full replication']}"
    ]


def test_a_check_without_an_action_is_a_bug() -> None:
    """It is found at once."""
    with pytest.raises(KeyError):
        next_action("no such check")


def test_checks_that_could_not_be_made_do_not_hold() -> None:
    """They say why; the others are as they were."""
    whole = {check.name: check for check in completed([OPEN, SHUT], "not looked at")}
    assert list(whole) == list(NEXT_ACTIONS)
    assert (whole[OPEN.name], whole[SHUT.name]) == (OPEN, SHUT)
    others = [check for name, check in whole.items() if name not in (OPEN.name, SHUT.name)]
    assert {(check.passed, check.found) for check in others} == {(False, "not looked at")}
