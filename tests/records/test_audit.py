"""The audit in both backends: each fact once, behind each other, whoever writes at once or dies in between."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from domain.approval.decisions import Decision
from domain.audit.anchors import Anchor, standing
from domain.audit.chain import DEPLOYMENT, AuditKey, Slot, row_name, verify
from domain.audit.events import Event, Kind
from domain.deletion.copies import BegunVersion
from domain.migration.latch import Effect, Latch, cancel
from domain.migration.polling import RegionStatus
from domain.migration.recorded import Approval, Ruling
from domain.migration.requests import ReplicationMode
from domain.notices.notice import Notice
from domain.values import Json
from records.audit import AuditBook
from records.backends.sqlite import SqliteRecords
from records.migrations import MigrationRecords
from records.store import Record, RecordChangedError, RecordStore, RecordsUnavailableError
from tests.builders import NOW, a_plan, a_received, an_acceptance
from tests.records.conftest import OpenStore
from tests.records.counting import Counting

KEYS = (AuditKey("first", b"a" * 32),)
CHAIN = an_acceptance().id
WRITERS, EVENTS = 5, 4


def event(name: str) -> Event:
    return Event(id=name, kind=Kind.DECISION, at=NOW, facts={"name": name})


def opened(store: RecordStore, anchors: RecordStore) -> MigrationRecords:
    return MigrationRecords(store, AuditBook(anchors, KEYS, lambda: NOW))


@pytest.fixture
def anchors(tmp_path: object) -> RecordStore:
    return SqliteRecords(f"{tmp_path}/anchors.sqlite")


@pytest.fixture
def records(store: RecordStore, anchors: RecordStore) -> MigrationRecords:
    """Empty records with an audit."""
    return opened(store, anchors)


def ids(slots: list[Slot]) -> list[str]:
    return [slot.row.id for slot in slots if slot.row]


def stands(records: MigrationRecords, chain: str = CHAIN) -> bool:
    anchor, slots = records.read_anchor(chain), records.audit_slots(chain)
    return standing(slots, anchor, list(verify(chain, slots, KEYS))).holds


def test_events_lie_behind_each_other(records: MigrationRecords) -> None:
    """And the anchor at their end."""
    records.write_audit(CHAIN, event("a"), None, event("b"))
    records.write_audit(CHAIN, event("c"))
    slots = records.audit_slots(CHAIN)
    assert ids(slots) == ["a", "b", "c"]
    assert records.read_anchor(CHAIN) == Anchor(
        count=3, head=slots[2].row.mac if slots[2].row else ""
    )
    assert stands(records)


def test_a_fact_is_written_once(records: MigrationRecords) -> None:
    """However often, and together with others."""
    records.write_audit(CHAIN, event("a"))
    records.write_audit(CHAIN, event("a"), event("b"))
    records.write_audit(CHAIN, event("b"), event("a"))
    assert ids(records.audit_slots(CHAIN)) == ["a", "b"]


def test_many_writers_at_once_lose_nothing_and_double_nothing(
    open_store: OpenStore, anchors: RecordStore
) -> None:
    """Each writes facts of its own, and one that all of them write."""
    records = opened(open_store(), anchors)
    records.write_audit(CHAIN, event("begun"))
    barrier = Barrier(WRITERS)

    def one(writer: int) -> None:
        mine = opened(open_store(), anchors)
        mine.audit_slots(CHAIN)
        barrier.wait(30)
        for number in range(EVENTS):
            mine.write_audit(CHAIN, event(f"{writer}.{number}"), event(f"all {number}"))

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(one, range(WRITERS)))
    written = ids(records.audit_slots(CHAIN))
    own = {f"{writer}.{number}" for writer in range(WRITERS) for number in range(EVENTS)}
    assert sorted(written) == sorted(own | {f"all {n}" for n in range(EVENTS)} | {"begun"})
    assert stands(records)
    anchor = records.read_anchor(CHAIN)
    assert anchor
    assert anchor.count == len(written)


class Dying:
    """Anchors of a writer that dies before it moves one."""

    def __init__(self, store: RecordStore) -> None:
        self.read, self.list = store.read, store.list

    def insert(self, *_: object) -> None:
        raise RecordsUnavailableError("dead")

    replace = put = delete = insert


def test_a_writer_that_died_before_the_anchor_leaves_a_chain_that_stands(
    store: RecordStore, anchors: RecordStore
) -> None:
    """The next event, or the same again, moves the anchor."""
    opened(store, anchors).write_audit(CHAIN, event("a"))
    with pytest.raises(RecordsUnavailableError):
        opened(store, Dying(anchors)).write_audit(CHAIN, event("b"))  # type: ignore[arg-type]  # only what it needs
    records = opened(store, anchors)
    held = records.read_anchor(CHAIN)
    assert held
    assert (held.count, stands(records)) == (1, True)
    records.write_audit(CHAIN, event("b"))
    moved = records.read_anchor(CHAIN)
    assert moved
    assert (moved.count, ids(records.audit_slots(CHAIN))) == (2, ["a", "b"])


def test_an_anchor_that_is_gone_is_not_made_again(
    records: MigrationRecords, anchors: RecordStore, caplog: pytest.LogCaptureFixture
) -> None:
    """The chain goes on, and stands no more; the log says so."""
    records.write_audit(CHAIN, event("a"))
    anchors.delete("anchors", CHAIN)
    records.write_audit(CHAIN, event("b"))
    assert records.read_anchor(CHAIN) is None
    assert not stands(records)
    assert "does not lead on from where it was written to" in caplog.text


def test_a_chain_that_was_cut_short_goes_on_and_stands_no_more(
    records: MigrationRecords, store: RecordStore, caplog: pytest.LogCaptureFixture
) -> None:
    """Its anchor does not move back, nor to another end of the same length."""
    records.write_audit(CHAIN, event("a"), event("b"))
    before = records.read_anchor(CHAIN)
    store.delete(CHAIN, f"audit.{row_name(2)}")
    records.write_audit(CHAIN, event("c"))
    assert (records.read_anchor(CHAIN), stands(records)) == (before, False)
    records.write_audit(CHAIN, event("d"))
    assert (records.read_anchor(CHAIN), stands(records)) == (before, False)
    assert "does not lead on" in caplog.text


def test_a_row_that_cannot_be_read_stops_no_writer(
    records: MigrationRecords, store: RecordStore
) -> None:
    """The next event is written behind it, and the chain stands no more."""
    records.write_audit(CHAIN, event("a"), event("b"))
    store.put(CHAIN, f"audit.{row_name(2)}", {"number": "x"})
    records.write_audit(CHAIN, event("c"))
    assert [slot.number for slot in records.audit_slots(CHAIN)] == [1, 2, 3]
    assert not stands(records)


def test_without_a_key_nothing_is_written(store: RecordStore) -> None:
    """Nor read, nor in anybody's way."""
    records = MigrationRecords(store)
    records.write_audit(CHAIN, event("a"))
    assert (records.audit_slots(CHAIN), records.read_anchor(CHAIN), records.audited) == (
        [],
        None,
        False,
    )
    assert records.audit_keys == ()
    with pytest.raises(LookupError):
        records.audit_now()


def test_a_page_ends_where_it_is_told_to(records: MigrationRecords) -> None:
    """The last events up to a number."""
    records.write_audit(CHAIN, *(event(str(n)) for n in range(1, 8)))
    assert ids(records.audit_page(CHAIN, 5, 3)) == ["3", "4", "5"]
    assert ids(records.audit_page(CHAIN, None, 2)) == ["6", "7"]
    assert ids(records.audit_page(CHAIN, 2, 5)) == ["1", "2"]


def test_of_the_deployments_chain_the_end_is_read(store: RecordStore, anchors: RecordStore) -> None:
    """However long it is: an event costs the same."""
    records = opened(store, anchors)
    records.write_audit(DEPLOYMENT, *(event(str(n)) for n in range(130)))
    counting = Counting(store)
    opened(counting, anchors).write_audit(DEPLOYMENT, event("last"))
    assert counting.asked == {"queries": 1, "rows": 100, "writes": 1}
    assert ids(records.audit_slots(DEPLOYMENT))[-1] == "last"


def test_an_event_costs_four_requests(store: RecordStore, anchors: RecordStore) -> None:
    """The chain and the anchor are read, and both go on."""
    opened(store, anchors).write_audit(CHAIN, event("a"))
    rows, ends = Counting(store), Counting(anchors)
    opened(rows, ends).write_audit(CHAIN, event("b"))
    assert (rows.asked["queries"], rows.asked["writes"]) == (1, 1)
    assert (ends.asked["queries"], ends.asked["writes"]) == (1, 1)


def test_an_admin_may_hold_another_end(records: MigrationRecords) -> None:
    """In the place of the one that was seen, and of no other."""
    records.write_audit(CHAIN, event("a"))
    seen = records.read_anchor(CHAIN)
    other = Anchor(count=1, head="x", epoch=2, since=NOW)
    records.put_anchor(CHAIN, other, seen)
    assert records.read_anchor(CHAIN) == other
    with pytest.raises(RecordChangedError):
        records.put_anchor(CHAIN, other, seen)
    records.put_anchor("new", other, None)
    assert records.read_anchor("new") == other


# -- what is written to the records is a fact ----------------------------------------------------------------------

ACCEPTED = an_acceptance()
WRITES: dict[str, tuple[Callable[[MigrationRecords], object], list[str]]] = {
    "a plan": (lambda r: r.write_plan(CHAIN, a_plan()), ["planned"]),
    "a plan that is kept": (lambda r: r.keep_plan(CHAIN, a_plan()), ["planned"]),
    "a cancellation": (
        lambda r: r.change_latch(CHAIN, lambda latch: cancel(latch, NOW)),
        ["cancelled"],
    ),
    "a decision": (lambda r: r.receive(CHAIN, a_received()), ["decision"]),
    "a ruling": (lambda r: r.rule(CHAIN, "k1", Ruling(accepted=True, text="x")), ["ruling"]),
    "regions": (
        lambda r: r.write_regions(CHAIN, (RegionStatus(name="e", state="Completed"),)),
        ["replicated"],
    ),
    "half of the regions": (lambda r: r.write_regions(CHAIN, (RegionStatus(name="e"),)), []),
    "a question": (
        lambda r: r.change_state(
            CHAIN,
            lambda s: s.model_copy(update={"approval": Approval(deadline=NOW, fingerprint="f")}),
        ),
        ["asked"],
    ),
    "a notice": (lambda r: r.change_notice(CHAIN, "n", lambda _: Notice(taken=True)), ["notified"]),
    "a try at a notice": (lambda r: r.change_notice(CHAIN, "n", lambda _: Notice(tries=1)), []),
    "a version": (
        lambda r: r.remember_version(
            ACCEPTED.image_key,
            BegunVersion(
                version_id="/v",
                migration=CHAIN,
                fingerprint="f",
                mode=ReplicationMode.FULL,
                at=NOW,
            ),
        ),
        ["versionBegun"],
    ),
}


@pytest.mark.parametrize(("write", "kinds"), WRITES.values(), ids=WRITES)
def test_a_write_is_a_fact_once(
    records: MigrationRecords,
    caplog: pytest.LogCaptureFixture,
    write: Callable[[MigrationRecords], object],
    kinds: list[str],
) -> None:
    """In the chain, and in a line of the log with the migration's id; done again it is neither."""
    caplog.set_level(logging.INFO)
    for _ in range(2):
        write(records)
    assert [str(s.row.kind) for s in records.audit_slots(CHAIN) if s.row] == kinds
    lines = [line for line in caplog.messages if line.startswith(f"{CHAIN}: audit ")]
    assert [line.split()[3] for line in lines] == kinds


class DyingAtDecisions:
    """Records of a writer that dies before it stores a decision."""

    def __init__(self, store: RecordStore) -> None:
        self.read, self.list, self._insert = store.read, store.list, store.insert

    def insert(self, partition: str, row: str, value: Json) -> Record:
        if row.startswith("decision."):
            raise RecordsUnavailableError("dead")
        return self._insert(partition, row, value)


@pytest.mark.parametrize(
    ("decision", "kinds"),
    [(Decision.APPROVE, []), (Decision.REJECT, ["decision"]), (Decision.WITHDRAW, ["decision"])],
)
def test_only_a_doubt_is_a_fact_before_it_is_stored(
    store: RecordStore, anchors: RecordStore, decision: Decision, kinds: list[str]
) -> None:
    """An approval whose writer died is nothing that was taken out, and whoever sends it again is not kept waiting."""
    received = a_received(decision=decision)
    with pytest.raises(RecordsUnavailableError):
        opened(DyingAtDecisions(store), anchors).receive(CHAIN, received)  # type: ignore[arg-type]  # only what it needs
    records = opened(store, anchors)
    assert [str(s.row.kind) for s in records.audit_slots(CHAIN) if s.row] == kinds
    assert records.receive(CHAIN, received) == received
    assert [str(s.row.kind) for s in records.audit_slots(CHAIN) if s.row] == ["decision"]


def test_an_acceptance_is_written_before_it_holds(records: MigrationRecords) -> None:
    """In its own chain and in the deployment's; who comes too late is told of as well."""
    other = ACCEPTED.model_copy(update={"id": ACCEPTED.id + "-00000001"})
    assert records.accept(ACCEPTED)
    assert not records.accept(other)
    assert ids(records.audit_slots(CHAIN)) == [f"accepted {CHAIN}"]
    assert ids(records.audit_slots(other.id)) == [f"accepted {other.id}", f"notClaimed {other.id}"]
    assert ids(records.audit_slots(DEPLOYMENT)) == [f"accepted {CHAIN}", f"accepted {other.id}"]
    assert all(stands(records, chain) for chain in (CHAIN, other.id, DEPLOYMENT))


def test_a_chain_begins_in_the_epoch_of_the_deployment(
    records: MigrationRecords,
) -> None:
    """Not in the first."""
    records.write_audit(DEPLOYMENT, event("a"))
    held = records.read_anchor(DEPLOYMENT)
    assert held
    records.put_anchor(DEPLOYMENT, held.model_copy(update={"epoch": 3}), held)
    records.accept(ACCEPTED)
    anchor = records.read_anchor(CHAIN)
    assert anchor
    assert anchor.epoch == 3
    assert [s.row.epoch for s in records.audit_slots(CHAIN) if s.row] == [3]


def test_a_migration_that_could_not_be_written_down_is_not_accepted(
    store: RecordStore, anchors: RecordStore
) -> None:
    """Without its fact it would lead to no deletion."""
    with pytest.raises(RecordsUnavailableError):
        opened(store, Dying(anchors)).accept(ACCEPTED)  # type: ignore[arg-type]  # only what it needs
    assert opened(store, anchors).latest(ACCEPTED.image_key) is None


def test_a_snapshot_has_the_chain(records: MigrationRecords) -> None:
    """It lies with the other rows, so it costs no reading of its own."""
    records.accept(ACCEPTED)
    records.change_latch(CHAIN, lambda latch: cancel(latch, NOW))
    snapshot = records.snapshot(CHAIN)
    assert snapshot
    assert list(snapshot.audit) == [row_name(2), row_name(1)]
    assert snapshot.latch == Latch(cancelled_at=NOW)
    assert Effect.DELETION not in snapshot.latch.effects
