"""The table of users: what is not known of one is taken for the worse, and nobody changes a row."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from domain.references.kinds import DISK, KINDS, MACHINE, Effect, at


@pytest.mark.parametrize(
    ("settings", "ephemeral"),
    [({"option": "Local"}, True), ({"option": ""}, False), ({}, False), ("Local", False)],
)
def test_an_ephemeral_disk_is_one_whose_option_says_so(settings: Any, ephemeral: bool) -> None:
    """The machine needs the image again to be reimaged."""
    blocks = KINDS[MACHINE].uses[0]
    assert blocks.effect is Effect.BLOCKS
    assert blocks.when({"storageProfile": {"osDisk": {"diffDiskSettings": settings}}}) == ephemeral


@pytest.mark.parametrize("value", [{"a": None}, {"a": "b"}, {"a": ["b"]}, {}])
def test_a_path_through_what_is_no_object_leads_to_nothing(value: Any) -> None:
    """Azure leaves out what is not set."""
    assert at(value, "a.b") is None


def test_a_row_does_not_change() -> None:
    """All scans read the same table."""
    kind = KINDS[DISK]
    with pytest.raises(FrozenInstanceError):
        kind.name = "x"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        kind.uses[0].effect = None  # type: ignore[misc]
