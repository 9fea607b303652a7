"""The replies of a restore's activities."""

from __future__ import annotations

from domain.restore.messages import Progress


def test_nothing_is_ready_by_itself() -> None:
    """A step that says no more goes on being waited for, and has not failed."""
    assert Progress() == Progress(ready=False, failed="", differences=())
