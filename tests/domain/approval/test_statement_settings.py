"""The settings of statements: the deployment's name and its change numbers, at their bounds."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from domain.approval.change_numbers import ChangeNumberRule, DemandedWith
from domain.approval.statement_settings import StatementSettings


def test_without_a_word_no_change_number_is_demanded() -> None:
    """The deployment has a name all the same."""
    settings = StatementSettings()
    assert settings.deployment_name == "gallery-migrator"
    assert settings.change_numbers == ChangeNumberRule()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deployment_name", "d"),
        ("deployment_name", "d" * 100),
        ("change_number_pattern", "c" * 200),
    ],
)
def test_a_text_has_bounds(name: str, text: str) -> None:
    """Both included."""
    assert getattr(StatementSettings.model_validate({name: text}), name) == text


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("deployment_name", "", "at least 1"),
        ("deployment_name", "d" * 101, "at most 100"),
        ("change_number_pattern", "c" * 201, "at most 200"),
        ("change_number_pattern", "CHG[0-9", "is no regular expression"),
        ("change_number_with", "nothing", "request"),
    ],
)
def test_a_wrong_setting_is_refused(name: str, text: str, words: str) -> None:
    """With the rule."""
    with pytest.raises(ValidationError, match=words):
        StatementSettings.model_validate({name: text})


def test_the_rule_is_made_of_pattern_and_place() -> None:
    """As they are set."""
    values: dict[str, Any] = {"change_number_pattern": "CHG[0-9]+", "change_number_with": "both"}
    rule = StatementSettings.model_validate(values).change_numbers
    assert rule == ChangeNumberRule(pattern="CHG[0-9]+", demanded_with=DemandedWith.BOTH)
