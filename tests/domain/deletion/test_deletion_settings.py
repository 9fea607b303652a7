"""The settings about deletions as such: what nobody sets neither stops nor hides a deletion."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from domain.deletion.deletion_settings import DeletionSettings


def test_what_nobody_sets_deletes_what_was_approved() -> None:
    """Switched on, neither stopped nor only observed."""
    settings = DeletionSettings()
    assert settings.deletion_enabled
    assert not settings.deletion_stopped
    assert not settings.deletion_observed


@pytest.mark.parametrize("name", DeletionSettings.model_fields)
def test_each_is_set_by_a_word(name: str) -> None:
    """As an environment has it; what is neither true nor false is refused."""
    for word, value in (("true", True), ("false", False)):
        assert getattr(DeletionSettings.model_validate({name: word}), name) is value
    with pytest.raises(ValidationError, match=name):
        DeletionSettings.model_validate({name: "perhaps"})


def test_settings_of_deletion_do_not_change() -> None:
    """Nothing is switched on while the app runs."""
    with pytest.raises(ValidationError, match="frozen"):
        DeletionSettings().deletion_enabled = False  # type: ignore[misc]
