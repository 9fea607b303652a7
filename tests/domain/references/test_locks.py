"""Locks as an answer tells of them: what they forbid, where they sit, how they are taken away."""

from __future__ import annotations

from typing import Any

import pytest

from domain.references.locks import ImageLock, locks_on

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg"
IMAGE = f"{GROUP}/providers/Microsoft.Compute/images/web"


def lock(scope: str, name: str = "keep", **more: Any) -> dict[str, Any]:
    return {"id": f"{scope}/providers/Microsoft.Authorization/locks/{name}", **more}


def test_a_lock_is_told_with_its_level_place_and_notes() -> None:
    """And with the command that takes it away; whoever may do that decides whether to."""
    listed = lock(GROUP, properties={"level": "ReadOnly", "notes": "ask ada"})
    assert locks_on(IMAGE, [listed]) == (
        ImageLock(
            id=listed["id"],
            level="ReadOnly",
            scope=GROUP,
            inherited=True,
            notes="ask ada",
            command=f"az lock delete --ids {listed['id']}",
        ),
    )


@pytest.mark.parametrize("more", [{}, {"properties": None}, {"properties": {}}])
def test_a_lock_without_properties_is_a_lock(more: dict[str, Any]) -> None:
    """Of a level that is not known."""
    (bare,) = locks_on(IMAGE, [lock(IMAGE, **more)])
    assert (bare.level, bare.notes, bare.inherited) == ("unknown", "", False)


def test_locks_come_in_one_order_each_once() -> None:
    """Whatever order the lists had, and however they spell it."""
    listed = [lock(IMAGE, "b"), lock(GROUP, "z"), lock(IMAGE, "B"), lock(IMAGE, "a")]
    names = [found.id.rpartition("/")[2] for found in locks_on(IMAGE, listed)]
    assert names == ["z", "a", "B"]
    assert locks_on(IMAGE, reversed(listed))[1:2] == locks_on(IMAGE, listed)[1:2]
