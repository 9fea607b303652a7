"""The check of the whole audit: page by page back to the first event, every chain that it names, what was accepted."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.audit.chain import DEPLOYMENT, AuditKey, row_name
from domain.audit.epochs import EpochBody, WrongEpochError
from domain.migration.latch import cancel
from domain.migration.recorded import AcceptedRequest
from records.audit import AuditBook
from records.backends.sqlite import SqliteRecords
from records.migrations import MigrationRecords
from services.audit_check import MOST_ACCEPTED, Wrong, accept_records, check_page, told_audit
from tests.builders import IMAGE_ID, NOW, an_acceptance
from tests.credentials import REQUESTER
from tools.audit_check import check

MIGRATIONS = 23


class World:
    """Records with some accepted migrations, and their anchors."""

    def __init__(self, folder: Path, number: int = MIGRATIONS) -> None:
        self.store = SqliteRecords(folder / "records.sqlite")
        self.anchors = SqliteRecords(folder / "anchors.sqlite")
        keys = (AuditKey("first", b"a" * 32),)
        self.records = MigrationRecords(self.store, AuditBook(self.anchors, keys, lambda: NOW))
        self.accepted = [self._accept(n) for n in range(number)]

    def _accept(self, number: int) -> AcceptedRequest:
        accepted = an_acceptance(image_id=f"{IMAGE_ID}-{number}")
        assert self.records.accept(accepted)
        return accepted

    def wrong(self, limit: int = 10) -> list[Wrong]:
        """All that does not stand; every migration is looked at once."""
        wrong: list[Wrong] = []
        cursor, chains = None, 0
        while True:
            page = check_page(self.records, cursor, limit)
            wrong += page.wrong
            chains, cursor = chains + page.chains, page.cursor
            if cursor is None:
                break
        assert chains <= len(self.accepted)
        return wrong


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize("limit", [10, 12, 22, 23, 24, 200])
def test_an_audit_that_nobody_touched_verifies(world: World, limit: int) -> None:
    """On pages of any size, each migration once."""
    assert world.wrong(limit) == []
    page = check_page(world.records, None, limit)
    assert (page.events, page.epoch) == (MIGRATIONS, 1)
    pages, cursor = 0, None
    seen = 0
    while cursor is not None or pages == 0:
        page = check_page(world.records, cursor, limit)
        seen, cursor, pages = seen + page.chains, page.cursor, pages + 1
    assert seen == MIGRATIONS


@pytest.mark.parametrize("number", [1, 2, 9, 14, 15, 22, 23])
def test_a_changed_event_of_the_deployment_is_told(world: World, number: int) -> None:
    """On whichever page it is."""
    record = world.store.read(DEPLOYMENT, f"audit.{row_name(number)}")
    assert record
    world.store.put(DEPLOYMENT, record.row, record.value | {"at": "2020-01-01T00:00:00Z"})
    assert [w.chain for w in world.wrong()].count(DEPLOYMENT) >= 1


@pytest.mark.parametrize("number", [1, 2, 14, 15, 23])
def test_a_dropped_event_of_the_deployment_is_told(world: World, number: int) -> None:
    """The first and the last as well as one between two pages."""
    world.store.delete(DEPLOYMENT, f"audit.{row_name(number)}")
    assert [w.chain for w in world.wrong()] == [DEPLOYMENT]


def test_each_chain_that_does_not_stand_is_told(world: World) -> None:
    """Its content, its anchor, its records; nobody else's."""
    cut, lost, gone, changed = (accepted.id for accepted in world.accepted[:4])
    world.records.change_latch(cut, lambda latch: cancel(latch, NOW))
    world.store.delete(cut, f"audit.{row_name(2)}")
    world.anchors.delete("anchors", lost)
    world.records.change_latch(gone, lambda latch: cancel(latch, NOW))
    world.store.delete(gone, "accepted")
    world.store.delete(world.accepted[2].image_key, "000001")
    value = world.accepted[3].model_dump(mode="json") | {"origin": "eventGrid"}
    world.store.put(changed, "accepted", value)
    assert {w.chain: w.found for w in world.wrong()} == {
        cut: "1 events are there, and 2 were written: the records are older than the audit",
        lost: "nothing holds its end",
        gone: "its records are gone",
        changed: "what was accepted was changed",
    }


def test_an_epoch_takes_in_what_is_open(world: World) -> None:
    """One that was cut short stands again; one that has ended is told as accepted."""
    open_one, ended = (accepted.id for accepted in world.accepted[:2])
    for migration in (open_one, ended):
        world.records.change_latch(migration, lambda latch: cancel(latch, NOW))
        world.store.delete(migration, f"audit.{row_name(2)}")
        world.store.delete(migration, "latch")
    world.records.close_pointer(ended)
    body = EpochBody(epoch=2, reason="a copy")
    epoch = accept_records(world.records, body, REQUESTER, NOW)
    assert (epoch.epoch, epoch.since, epoch.remaining) == (2, NOW, 0)
    assert len(epoch.accepted) == MIGRATIONS - 1
    assert [(w.chain, w.accepted) for w in world.wrong()] == [(ended, True)]
    told = told_audit(world.records, open_one)
    assert told
    assert told["verifies"]
    assert told["events"][-1]["facts"] == {"epoch": 2, "events": 1, "were": 2}
    assert told["anchor"]["epoch"] == 2
    again = accept_records(world.records, body, REQUESTER, NOW)
    assert (again.accepted, again.since) == ((), NOW)
    assert len(world.records.audit_slots(DEPLOYMENT)) == MIGRATIONS + 1
    with pytest.raises(WrongEpochError):
        accept_records(world.records, EpochBody(epoch=4), REQUESTER, NOW)


def test_an_epoch_that_was_cut_short_is_gone_on_with(tmp_path: Path) -> None:
    """So many open migrations a time."""
    world = World(tmp_path, MOST_ACCEPTED + 3)
    body = EpochBody(epoch=2)
    first = accept_records(world.records, body, REQUESTER, NOW)
    second = accept_records(world.records, body, REQUESTER, NOW)
    assert (len(first.accepted), first.remaining) == (MOST_ACCEPTED, 3)
    assert (len(second.accepted), second.remaining) == (3, 0)


def test_once_taken_in_a_chain_is_not_cut_again_unseen(world: World) -> None:
    """No later epoch is needed for that: its anchor holds the end that was accepted."""
    accept_records(world.records, EpochBody(epoch=2), REQUESTER, NOW)
    migration = world.accepted[0].id
    world.store.delete(migration, f"audit.{row_name(2)}")
    assert [(w.chain, w.accepted) for w in world.wrong()] == [(migration, False)]


def test_the_command_counts_what_is_wrong(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """And names it."""
    assert check(world.records) == 0
    migration = world.accepted[0].id
    world.anchors.delete("anchors", migration)
    assert check(world.records) == 1
    printed = capsys.readouterr().out
    assert f"WRONG {migration}: nothing holds its end" in printed
    assert (
        f"{MIGRATIONS} migrations, {MIGRATIONS} events of the deployment, epoch 1: 1 wrong"
        in printed
    )


def test_nobodys_audit_is_none(world: World) -> None:
    """There is nothing to tell."""
    assert told_audit(world.records, "none") is None
