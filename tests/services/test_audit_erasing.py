"""People are erased from the audit when they have been in it long enough, and it verifies as before."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from domain.audit.chain import DEPLOYMENT, Row
from domain.migration.latch import finish
from services.audit_erasing import erase_people
from tests.builders import NOW, a_received, an_end
from tests.domain.restore.values import a_restore
from tests.services.test_audit_check import World

LATER, LONG_AFTER = NOW + timedelta(days=1), NOW + timedelta(days=800)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, 5)


def end(world: World, number: int) -> str:
    """A migration was decided on and has ended."""
    migration = world.accepted[number].id
    world.records.receive(migration, a_received())
    world.records.change_latch(migration, lambda latch: finish(latch, 1, an_end(at=LATER)))
    return migration


def people(world: World, chain: str) -> list[Row]:
    """The rows that name somebody."""
    slots = world.records.audit_slots(chain)
    return [slot.row for slot in slots if slot.row and slot.row.personal is not None]


def test_people_are_erased_from_a_restore_that_was_asked_for_later(world: World) -> None:
    """They were erased from its migration long before, and the restore is gone through for itself."""
    migrations = [end(world, number) for number in range(5)]
    assert erase_people(world.records, LONG_AFTER) == 5
    restore = a_restore(migration=migrations[0], accepted_at=LONG_AFTER)
    assert world.records.accept_restore(world.accepted[0].image_key, restore)
    assert len(people(world, migrations[0])) == len(people(world, DEPLOYMENT)) == 1
    assert erase_people(world.records, LONG_AFTER - timedelta(days=1)) == 0
    assert erase_people(world.records, LONG_AFTER + timedelta(days=1)) == 1
    assert people(world, migrations[0]) == people(world, DEPLOYMENT) == []


def test_people_are_erased_from_what_ended_long_ago(world: World) -> None:
    """In its chain and in the deployment's, up to the first that goes on; the audit verifies as before."""
    first, second = end(world, 0), end(world, 1)
    assert people(world, first)
    assert erase_people(world.records, LONG_AFTER) == 2
    assert people(world, first) == people(world, second) == []
    assert len(people(world, world.accepted[2].id)) == 1
    assert len(people(world, DEPLOYMENT)) == 3
    assert world.wrong() == []
    assert erase_people(world.records, LONG_AFTER) == 0


def test_it_goes_on_where_it_stopped(world: World) -> None:
    """So many a night; what could not be erased yet is erased later."""
    ended = [end(world, number) for number in (0, 1, 3)]
    assert erase_people(world.records, LONG_AFTER, most=1) == 1
    assert people(world, ended[1])
    assert erase_people(world.records, LONG_AFTER) == 1
    end(world, 2)
    assert erase_people(world.records, LONG_AFTER) == 2
    assert people(world, ended[2]) == []
    assert world.wrong() == []


def test_people_stay_until_then(world: World) -> None:
    """Their time counts from the end."""
    migration = end(world, 0)
    assert erase_people(world.records, LATER - timedelta(seconds=1)) == 0
    assert people(world, migration)
    assert erase_people(world.records, LATER) == 1
