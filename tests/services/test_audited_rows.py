"""Rows that prove nothing by themselves are facts of the audit as well, each once, in the right chain."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from domain.approval.statement import KeptStatement, Opening
from domain.audit.chain import DEPLOYMENT, Row
from domain.audit.events import Kind
from domain.deletion.late_users import LateUsers
from domain.restore.recorded import RestoreEnd, RestoreState
from services.restores import settle_restore_end
from tests.builders import NOW
from tests.credentials import REQUESTER
from tests.domain.boot_test.boots import a_result
from tests.domain.restore.values import a_restore
from tests.services.test_audit_check import World

NOBODY = LateUsers(users=(), unknown=(), command="c")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, 1)


def facts(world: World, chain: str | None = None) -> list[Row]:
    """The facts of the migration, or of another chain, behind that it was accepted."""
    slots = world.records.audit_slots(chain or world.accepted[0].id)
    return [slot.row for slot in slots if slot.row][1:]


def kinds(world: World, chain: str | None = None) -> list[str]:
    return [row.kind for row in facts(world, chain)]


def test_statements_and_their_readers_are_facts(world: World) -> None:
    """Each round's once; who reads one again has read it before."""
    migration = world.accepted[0].id
    for asked, text in ((1, "a"), (1, "another"), (2, "b")):
        kept = KeptStatement(text=text, asked_at=NOW)
        world.records.keep_statement(migration, asked, kept)
    for minutes in (0, 5):
        opening = Opening(
            migration_id=migration,
            statement_hash="h",
            by=REQUESTER,
            at=NOW + timedelta(minutes=minutes),
        )
        world.records.keep_opening(opening)
    assert kinds(world) == [Kind.STATED, Kind.STATED, Kind.OPENED]
    hashes = [row.facts["statementHash"] for row in facts(world)]
    assert hashes[0] == KeptStatement(text="a", asked_at=NOW).hash
    assert world.wrong() == []


def test_the_second_look_is_a_fact(world: World) -> None:
    """Of nobody, too: it proves that it was looked."""
    world.records.write_late_users(world.accepted[0].id, NOBODY)
    world.records.write_late_users(world.accepted[0].id, NOBODY)
    assert kinds(world) == [Kind.LATE_USERS]


def test_boot_tests_are_facts(world: World) -> None:
    """Of the migration that they belong to, or else of the deployment."""
    migration = world.accepted[0].id
    for _ in range(2):
        world.records.write_boot_result(a_result(), migration)
    world.records.write_boot_result(a_result(test_id="own"), None)
    assert (kinds(world), kinds(world, DEPLOYMENT)) == ([Kind.BOOT_TESTED], [Kind.BOOT_TESTED])
    assert facts(world, DEPLOYMENT)[0].facts["test"] == "own"


def test_a_restore_is_a_fact_of_both_chains(world: World) -> None:
    """That it was asked for is the Admin's; how it ended the migration's. However often the sweep settles it."""
    accepted = world.accepted[0]
    restore = a_restore(migration=accepted.id)
    assert world.records.accept_restore(accepted.image_key, restore)
    assert not world.records.accept_restore(accepted.image_key, restore)
    end = RestoreEnd(state=RestoreState.RESTORED, reason="r", at=NOW)
    for _ in range(2):
        settle_restore_end(world.records, restore.model_copy(update={"finished": end}))
    assert kinds(world) == [Kind.RESTORE_ASKED, Kind.RESTORE_ENDED]
    assert kinds(world, DEPLOYMENT) == [Kind.RESTORE_ASKED]
    assert not any(row.late for row in facts(world))


def test_a_restore_that_nobody_wrote_down_is_a_late_fact(world: World) -> None:
    """Its row stood in the records: who accepted it died, or somebody else wrote it."""
    end = RestoreEnd(state=RestoreState.FAILED, reason="r", at=NOW)
    settle_restore_end(world.records, a_restore(migration=world.accepted[0].id, finished=end))
    assert [(row.kind, row.late) for row in facts(world)] == [
        (Kind.RESTORE_ASKED, True),
        (Kind.RESTORE_ENDED, False),
    ]
