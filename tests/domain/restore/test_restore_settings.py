"""The setting of the way back: what holds without a word."""

from __future__ import annotations

from domain.restore.restore_settings import RestoreSettings


def test_an_image_needs_a_way_back_unless_somebody_says_otherwise() -> None:
    """A deletion that cannot be taken back is a choice."""
    assert RestoreSettings().undo_required
    assert not RestoreSettings.model_validate({"undo_required": "false"}).undo_required
