"""Stages: a path through the table leads to the end, and none leads back behind the version."""

from __future__ import annotations

from itertools import pairwise

import pytest

from domain.migration.stages import NEXT, Stage, may_follow

HAPPY = [
    Stage.PLANNING,
    Stage.DEFINITION,
    Stage.VERSION,
    Stage.REPLICATION,
    Stage.APPROVAL,
    Stage.PROMOTION,
    Stage.DELETION,
    Stage.FINISHED,
]


def reachable(start: Stage) -> set[Stage]:
    found, todo = set[Stage](), [start]
    while todo:
        fresh = NEXT[todo.pop()] - found
        found |= fresh
        todo += fresh
    return found


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_may_stay_and_may_end(stage: Stage) -> None:
    """Activities run twice, and every stage can fail or be cancelled."""
    assert may_follow(stage, stage)
    assert stage is Stage.FINISHED or may_follow(stage, Stage.FINISHED)


def test_the_whole_way_is_allowed() -> None:
    """With a deletion, every stage in its order."""
    assert all(may_follow(now, then) for now, then in pairwise(HAPPY))


def test_nothing_follows_the_end() -> None:
    """A late activity cannot reopen a migration."""
    assert reachable(Stage.FINISHED) == set()


def test_nobody_goes_back_behind_a_replicated_version() -> None:
    """Only a lost race for a number plans again."""
    assert Stage.PLANNING not in reachable(Stage.REPLICATION)
    assert reachable(Stage.DELETION) == {Stage.FINISHED}


def test_every_stage_can_be_reached() -> None:
    """No row of the table is dead."""
    assert reachable(Stage.PLANNING) == set(Stage)
