"""The settings of deletions: what they are without a word, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from domain.deletion.deletion_settings import DeletionSettings
from domain.deletion.protection import Protection
from domain.deletion.quota import Quota


def test_without_a_word_deletions_are_asked_for_one_by_one() -> None:
    """Enabled, not stopped, at any hour, in numbers that no small team meets."""
    settings = DeletionSettings()
    assert settings.deletion_enabled
    assert not settings.deletion_stopped
    assert not settings.deletion_observed
    assert settings.deletion_window == ""
    assert settings.deletion_quota == Quota(count=100, percent=50)
    assert settings.version_protection == ()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("deletion_enabled", "false", False),
        ("deletion_stopped", "true", True),
        ("deletion_observed", "true", True),
        ("deletion_window", "Mon 09:00-10:00", "Mon 09:00-10:00"),
        ("deletion_daily_limit", "1", 1),
        ("deletion_daily_percent", "1", 1),
        ("deletion_daily_percent", "100", 100),
        ("version_protection", "lock, endOfLife", (Protection.LOCK, Protection.END_OF_LIFE)),
    ],
)
def test_a_setting_is_read(name: str, text: str, value: Any) -> None:
    """As it stands in the environment."""
    assert getattr(DeletionSettings.model_validate({name: text}), name) == value


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("deletion_enabled", "perhaps", "bool"),
        ("deletion_window", "always", "is no window"),
        ("deletion_window", "Mon 09:00-10:00 Mars/Olympus", "is no known time zone"),
        ("deletion_daily_limit", "0", "greater than or equal to 1"),
        ("deletion_daily_percent", "0", "greater than or equal to 1"),
        ("deletion_daily_percent", "101", "less than or equal to 100"),
        ("version_protection", "lock,luck", "endOfLife"),
    ],
)
def test_a_wrong_setting_is_refused(name: str, text: str, words: str) -> None:
    """In words that say what may be."""
    with pytest.raises(ValidationError, match=words):
        DeletionSettings.model_validate({name: text})


def test_an_empty_window_is_none_and_settings_do_not_change() -> None:
    """Templates leave empty values behind; what was read at the start holds."""
    settings = DeletionSettings.model_validate({"deletion_window": ""})
    assert settings.deletion_window == ""
    with pytest.raises(ValidationError, match="frozen"):
        settings.deletion_enabled = False  # type: ignore[misc]
