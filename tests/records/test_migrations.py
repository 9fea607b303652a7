"""The app's memory of migrations, in both backends: one claim wins, what must be written once is, nothing gets lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any, TypeVar

import pytest

from domain.approval.decisions import ApprovalState, Decision, Verdict
from domain.ids import image_key, parse_migration_id
from domain.migration.latch import Effect, Halt, Intent, Latch, cancel, finish, intend, settle
from domain.migration.polling import RegionStatus
from domain.migration.recorded import (
    AcceptedRequest,
    Failing,
    ListEntry,
    ReceivedDecision,
    Ruling,
    State,
)
from domain.migration.stages import Outcome, Stage
from domain.notices.notice import Notice
from records.migrations import MigrationRecords
from records.store import Record, RecordStore
from services.migrations import free_after
from tests.builders import IMAGE_ID, NOW, a_decision, a_plan, an_acceptance, an_end
from tests.endings import end
from tests.records.conftest import OpenStore

T = TypeVar("T")
WRITERS = 6
ACCEPTED = an_acceptance()
DONE = an_end()


@pytest.fixture
def records(store: RecordStore) -> MigrationRecords:
    """Empty records in one backend."""
    return MigrationRecords(store)


def at_once(open_store: OpenStore, work: Callable[[MigrationRecords, int], T]) -> list[T]:
    """Return the results of several writers that begin together, each with its own connection."""
    barrier = Barrier(WRITERS)

    def one(number: int) -> T:
        mine = MigrationRecords(open_store())
        # Connected before the race.
        mine.latest("0" * 32)
        barrier.wait(30)
        return work(mine, number)

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(one, range(WRITERS)))


def received(body_hash: str = "h", **decision: object) -> ReceivedDecision:
    return ReceivedDecision(decision=a_decision(**decision), body_hash=body_hash)


# -- claims -----------------------------------------------------------------------------------------------------


def test_one_of_many_claims_wins(open_store: OpenStore) -> None:
    """Whoever inserts the attempt's number has the image; the others see that they have lost."""
    won = at_once(open_store, lambda records, _: records.accept(ACCEPTED))
    assert won.count(True) == 1
    assert MigrationRecords(open_store()).latest(image_key(IMAGE_ID)) == ACCEPTED


def test_attempts_are_numbered_and_the_newest_is_the_latest(records: MigrationRecords) -> None:
    """By number, beyond nine too; other images do not count."""
    for attempt in (*range(1, 12),):
        assert records.accept(an_acceptance(attempt))
    records.accept(an_acceptance(image_id=IMAGE_ID + "b"))
    latest = records.latest(image_key(IMAGE_ID))
    assert latest == an_acceptance(11)
    free = free_after(latest, image_key(IMAGE_ID))
    assert parse_migration_id(free.migration_id) == (image_key(IMAGE_ID), free.attempt)
    assert free.attempt == 12


def test_14_an_id_is_another_one_each_time(records: MigrationRecords) -> None:
    """A record of the same number that was accepted under another id is not found by this one."""
    key = image_key(IMAGE_ID)
    one, other = (free_after(None, key).migration_id for _ in range(2))
    assert one != other
    assert records.accept(ACCEPTED.model_copy(update={"id": one}))
    assert records.snapshot(one) is not None
    assert records.snapshot(other) is None


@pytest.mark.parametrize("text", ["", "x-1", "../../x", "a" * 32 + "-1", "open", "recent"])
def test_an_id_that_nobody_has_is_none(records: MigrationRecords, text: str) -> None:
    """Whatever a caller writes into the URL."""
    records.accept(ACCEPTED)
    assert records.snapshot(text) is None


# -- reading ----------------------------------------------------------------------------------------------------


def test_a_claim_alone_is_a_migration_in_planning(records: MigrationRecords) -> None:
    """Between claim and start there is a status already."""
    records.accept(ACCEPTED)
    snapshot = records.snapshot(ACCEPTED.id)
    assert snapshot is not None
    assert (snapshot.accepted, snapshot.stage) == (ACCEPTED, Stage.PLANNING)
    assert not snapshot.started
    assert snapshot.finished is None


def test_a_snapshot_holds_everything(records: MigrationRecords) -> None:
    """It has the values of every step."""
    records.accept(ACCEPTED)
    records.mark_started(ACCEPTED.id, NOW)
    records.change_state(ACCEPTED.id, lambda _: State(stage=Stage.APPROVAL))
    regions = (RegionStatus(name="eastus2", state="Completed", progress=100),)
    records.write_regions(ACCEPTED.id, regions)
    latch = records.change_latch(ACCEPTED.id, lambda latch: cancel(latch, NOW))
    plan = records.write_plan(ACCEPTED.id, a_plan())
    notice = records.make_notice(ACCEPTED.id, "migration.finished", Notice(body="{}", made_at=NOW))
    records.write_checks(ACCEPTED.id, [{"name": "n"}])
    failing = Failing(activity="check_image", since=NOW)
    records.write_failing(ACCEPTED.id, failing)
    records.receive(ACCEPTED.id, received())
    ruling = records.rule(ACCEPTED.id, "k1", Ruling(accepted=True, text="approved by ada"))
    records.write_recipe(ACCEPTED.id, {"id": IMAGE_ID}, NOW)
    snapshot = records.snapshot(ACCEPTED.id)
    assert snapshot is not None
    assert snapshot.started
    assert (snapshot.stage, snapshot.regions, snapshot.latch) == (Stage.APPROVAL, regions, latch)
    assert (snapshot.received, snapshot.rulings) == ((received(),), {"k1": ruling})
    assert (snapshot.plan, snapshot.notices) == (plan, {"migration.finished": notice})
    assert (snapshot.checks, snapshot.failing) == (({"name": "n"},), failing)
    recipe = {"at": NOW.isoformat(), "image": {"id": IMAGE_ID}}
    assert records.read_recipe(ACCEPTED.id) == recipe


def test_a_large_image_is_kept_whole_as_the_recipe(records: MigrationRecords) -> None:
    """64 data disks with long ids."""
    disk = {"managedDisk": {"id": "/subscriptions/" + "x" * 900}, "diskSizeGB": 100}
    image = {"id": IMAGE_ID, "disks": [{**disk, "lun": lun} for lun in range(64)]}
    records.write_recipe(ACCEPTED.id, image, NOW)
    assert (records.read_recipe(ACCEPTED.id) or {})["image"] == image


def test_a_hundred_regions_are_written_only_when_they_change(records: MigrationRecords) -> None:
    """A poll that sees nothing new writes nothing."""
    regions = tuple(RegionStatus(name=f"region{n:03d}", details="x" * 500) for n in range(100))
    records.accept(ACCEPTED)
    assert records.write_regions(ACCEPTED.id, regions)
    assert not records.write_regions(ACCEPTED.id, regions)
    moved = (regions[0].model_copy(update={"progress": 5}), *regions[1:])
    assert records.write_regions(ACCEPTED.id, moved)
    snapshot = records.snapshot(ACCEPTED.id)
    assert snapshot is not None
    assert snapshot.regions == moved


# -- written once -----------------------------------------------------------------------------------------------


def cancelling(latch: Latch) -> Latch | Halt:
    return cancel(latch, NOW)


def deleting(latch: Latch) -> Latch | Halt:
    return intend(latch, 1, Effect.DELETION, NOW)


def test_of_a_cancellation_and_a_deletion_one_comes_first(open_store: OpenStore) -> None:
    """At the same moment: all agree which, and the other is refused."""
    changes = (cancelling, deleting)
    held = at_once(
        open_store, lambda records, n: (n % 2, records.change_latch(ACCEPTED.id, changes[n % 2]))
    )
    latch = MigrationRecords(open_store()).read_latch(ACCEPTED.id)
    refused = {kind for kind, answer in held if isinstance(answer, Halt)}
    assert (latch.cancelled_at is None, latch.deletion is None) in {(True, False), (False, True)}
    assert refused == ({0} if latch.deletion else {1})


def test_no_change_of_the_latch_is_lost(open_store: OpenStore) -> None:
    """Writers of different parts of it at the same time."""
    effects = (Effect.DEFINITION, Effect.VERSION, Effect.PROMOTION)

    def change(latch: Latch, number: int) -> Latch | Halt:
        if number < len(effects):
            return intend(latch, 1, effects[number], NOW)
        return settle(latch, 1, Verdict(state=ApprovalState.EXPIRED))

    at_once(
        open_store,
        lambda records, n: records.change_latch(ACCEPTED.id, lambda latch: change(latch, n)),
    )
    latch = MigrationRecords(open_store()).read_latch(ACCEPTED.id)
    assert latch.effects == {effect: Intent(run=1, at=NOW, began=NOW) for effect in effects}
    assert latch.verdict == Verdict(state=ApprovalState.EXPIRED)


def test_a_change_that_may_not_be_writes_nothing(records: MigrationRecords) -> None:
    """Not even the row."""
    records.accept(ACCEPTED)
    held = records.change_latch(ACCEPTED.id, lambda latch: intend(latch, 2, Effect.VERSION, NOW))
    assert held is Halt.SUPERSEDED
    snapshot = records.snapshot(ACCEPTED.id)
    assert snapshot is not None
    assert (snapshot.latch, snapshot.started) == (Latch(), False)


def test_a_plan_is_written_once(open_store: OpenStore) -> None:
    """Of several planners at once one plan holds for all."""
    held = at_once(
        open_store,
        lambda records, n: records.write_plan(ACCEPTED.id, a_plan(imageVersion=f"1.0.{n}")),
    )
    assert len({plan.version_name for plan in held}) == 1


def test_only_the_plan_of_a_taken_name_is_replaced(records: MigrationRecords) -> None:
    """And only while it stands: who comes late with the same name taken gets the one that holds."""
    first, second, third = (a_plan(imageVersion=f"1.0.{n}") for n in range(3))
    assert records.write_plan(ACCEPTED.id, first) == first
    assert records.write_plan(ACCEPTED.id, second, taken="9.9.9") == first
    assert records.write_plan(ACCEPTED.id, second, taken=first.version_name) == second
    assert records.write_plan(ACCEPTED.id, third, taken=first.version_name) == second


def test_a_notice_is_made_once(open_store: OpenStore) -> None:
    """Of several bodies at once one is posted, whoever posts it."""
    held = at_once(
        open_store, lambda records, n: records.make_notice(ACCEPTED.id, "k", Notice(body=f"{n}"))
    )
    assert len({notice.body for notice in held}) == 1


def test_a_notice_is_changed_without_its_body(records: MigrationRecords) -> None:
    """And the two kinds are apart."""
    records.accept(ACCEPTED)
    records.make_notice(ACCEPTED.id, "a", Notice(body="x", made_at=NOW))
    records.make_notice(ACCEPTED.id, "b", Notice(body="y"))
    records.change_notice(ACCEPTED.id, "a", lambda n: n.model_copy(update={"taken": True}))
    snapshot = records.snapshot(ACCEPTED.id)
    assert snapshot is not None
    assert snapshot.notices == {
        "a": Notice(body="x", made_at=NOW, taken=True),
        "b": Notice(body="y"),
    }


def test_what_fails_is_remembered_until_it_does_not(records: MigrationRecords) -> None:
    """The row goes when it is cleared; clearing it twice is fine."""
    records.accept(ACCEPTED)
    records.write_failing(ACCEPTED.id, Failing(activity="a", since=NOW))
    for _ in range(2):
        records.clear_failing(ACCEPTED.id)
    snapshot = records.snapshot(ACCEPTED.id)
    assert snapshot is not None
    assert snapshot.failing is None


def test_a_decision_is_stored_once(open_store: OpenStore) -> None:
    """Of two bodies under one webhook-id, one holds for all."""
    held = at_once(open_store, lambda records, n: records.receive(ACCEPTED.id, received(f"h{n}")))
    assert len({r.body_hash for r in held}) == 1


def test_decisions_of_different_ids_are_all_kept(records: MigrationRecords) -> None:
    """An approval does not erase a rejection."""
    records.accept(ACCEPTED)
    records.receive(ACCEPTED.id, received(key="a"))
    records.receive(ACCEPTED.id, received(key="b", decision=Decision.REJECT))
    snapshot = records.snapshot(ACCEPTED.id)
    assert snapshot is not None
    assert {r.decision.key for r in snapshot.received} == {"a", "b"}


def test_a_ruling_is_given_once(records: MigrationRecords) -> None:
    """A repeated activity cannot change what the approver was told."""
    first = records.rule(ACCEPTED.id, "k", Ruling(accepted=True, text="approved"))
    assert records.rule(ACCEPTED.id, "k", Ruling(accepted=False, text="no")) == first
    assert records.read_ruling(ACCEPTED.id, "k") == first
    assert records.read_ruling(ACCEPTED.id, "other") is None


def test_an_outcome_is_written_once(open_store: OpenStore) -> None:
    """The workflow and the sweep at the same moment: one outcome."""
    outcomes = list(Outcome)
    MigrationRecords(open_store()).accept(ACCEPTED)
    held = at_once(
        open_store,
        lambda records, n: records.change_latch(
            ACCEPTED.id, lambda latch: finish(latch, 1, an_end(outcomes[n % 4], reason=str(n)))
        ),
    )
    finished = [latch.finished for latch in held if isinstance(latch, Latch)]
    assert len(finished) == WRITERS
    snapshot = MigrationRecords(open_store()).snapshot(ACCEPTED.id)
    assert snapshot is not None
    assert finished == [snapshot.finished] * WRITERS
    assert snapshot.stage is Stage.FINISHED


def test_no_change_of_the_state_is_lost(open_store: OpenStore) -> None:
    """Writers at the same time each see what the others wrote."""
    MigrationRecords(open_store()).accept(ACCEPTED)

    def warn(records: MigrationRecords, number: int) -> State:
        return records.change_state(
            ACCEPTED.id, lambda s: s.model_copy(update={"warnings": (*s.warnings, str(number))})
        )

    at_once(open_store, warn)
    snapshot = MigrationRecords(open_store()).snapshot(ACCEPTED.id)
    assert snapshot is not None
    assert sorted(snapshot.state.warnings) == [str(n) for n in range(WRITERS)]


# -- the list ---------------------------------------------------------------------------------------------------


def several(records: MigrationRecords) -> list[AcceptedRequest]:
    """Five migrations, the oldest first; every second one is completed."""
    made = [an_acceptance(n, IMAGE_ID + str(n)) for n in range(1, 6)]
    for accepted in made:
        records.accept(accepted)
        if accepted.attempt % 2:
            end(records, accepted, DONE)
    return made


def ids_of(entries: list[ListEntry]) -> list[str]:
    return [entry.id for entry in entries]


def test_the_list_is_newest_first_and_comes_in_pages(records: MigrationRecords) -> None:
    """No row twice, none left out; the last page says that it is the last."""
    newest_first = [a.id for a in reversed(several(records))]
    first, cursor = records.recent(stage=None, outcome=None, limit=2, after="")
    second, cursor = records.recent(stage=None, outcome=None, limit=2, after=cursor)
    third, end = records.recent(stage=None, outcome=None, limit=2, after=cursor)
    assert ids_of([*first, *second, *third]) == newest_first
    assert end == ""


def test_a_page_that_is_just_full_is_the_last(records: MigrationRecords) -> None:
    """No empty page follows."""
    several(records)
    entries, cursor = records.recent(stage=None, outcome=None, limit=5, after="")
    assert (len(entries), cursor) == (5, "")


def test_the_list_is_filtered_by_stage_and_outcome(records: MigrationRecords) -> None:
    """The filters count before the page does."""
    made = several(records)
    done, _ = records.recent(stage=None, outcome=Outcome.COMPLETED, limit=2, after="")
    assert ids_of(done) == [made[4].id, made[2].id]
    planning, _ = records.recent(stage=Stage.PLANNING, outcome=None, limit=9, after="")
    assert ids_of(planning) == [made[3].id, made[1].id]
    assert records.recent(stage=None, outcome=Outcome.KEPT, limit=9, after="") == ([], "")


def test_a_change_of_stage_moves_no_row(records: MigrationRecords) -> None:
    """The list is in the order of acceptance."""
    made = several(records)
    records.list_migration(made[1], Stage.VERSION, NOW)
    entries, _ = records.recent(stage=None, outcome=None, limit=9, after="")
    assert ids_of(entries) == [a.id for a in reversed(made)]
    assert entries[3].stage is Stage.VERSION


def test_the_list_tells_the_outcome_that_stands(records: MigrationRecords) -> None:
    """Its reason and time are those of the latch, whoever writes the row when."""
    records.accept(ACCEPTED)
    end(records, ACCEPTED, an_end(Outcome.KEPT, reason="rejected", at=NOW + timedelta(days=1)))
    [entry] = everything(records)
    assert (entry.stage, entry.outcome, entry.reason) == (Stage.FINISHED, Outcome.KEPT, "rejected")
    assert entry.updated_at == NOW + timedelta(days=1)


# -- what the sweep reads ---------------------------------------------------------------------------------------


def test_every_claim_without_an_outcome_is_open(records: MigrationRecords) -> None:
    """So that the sweep finds it, whoever died when."""
    made = several(records)
    assert {row[0] for row in records.open_migrations()} == {made[1].id, made[3].id}
    assert {row[1] for row in records.open_migrations()} == {
        made[1].accepted_at,
        made[3].accepted_at,
    }


class DiesAfterThePointer:
    """A backend whose process dies between the pointer and the claim."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store

    def put(self, partition: str, row: str, value: dict[str, object]) -> Record:
        """As the backend does."""
        return self._store.put(partition, row, value)

    def insert(self, partition: str, row: str, value: dict[str, object]) -> Record:
        """Never comes to that."""
        raise SystemExit(f"died before {partition}/{row}")

    read = list = replace = delete = None


def test_a_crash_before_the_claim_leaves_a_pointer_that_can_be_dropped(store: RecordStore) -> None:
    """No image is claimed for ever by nobody."""
    with pytest.raises(SystemExit):
        MigrationRecords(DiesAfterThePointer(store)).accept(ACCEPTED)  # type: ignore[arg-type]  # only what accept needs
    records = MigrationRecords(store)
    [(migration, since, etag)] = records.open_migrations()
    assert (migration, since) == (ACCEPTED.id, ACCEPTED.accepted_at)
    assert records.snapshot(migration) is None
    records.drop_pointer(migration, etag)
    assert records.open_migrations() == []


def test_a_pointer_is_not_dropped_under_somebody_who_claims(records: MigrationRecords) -> None:
    """The sweep's etag is old by then."""
    records.accept(ACCEPTED)
    [(migration, _, etag)] = records.open_migrations()
    again = ACCEPTED.model_copy(update={"accepted_at": NOW + timedelta(minutes=9)})
    records.accept(again)
    records.drop_pointer(migration, etag)
    assert [row[0] for row in records.open_migrations()] == [ACCEPTED.id]


def test_a_webhook_id_belongs_to_one_body(records: MigrationRecords) -> None:
    """Whatever migration it was for: the first body has it for good."""
    assert records.claim_webhook("k1", "one") == "one"
    assert records.claim_webhook("k1", "two") == "one"
    assert records.claim_webhook("k1", "one") == "one"
    assert records.claim_webhook("k2", "two") == "two"


def test_a_status_costs_one_list(
    records: MigrationRecords, store: RecordStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep reads one for every open migration every few minutes, so no page is asked for that must be empty."""
    records.accept(ACCEPTED)
    records.mark_started(ACCEPTED.id, NOW)
    asked: list[str] = []
    really = store.list

    def counted(partition: str, **options: Any) -> list[Record]:
        asked.append(partition)
        return really(partition, **options)

    monkeypatch.setattr(store, "list", counted)
    assert records.snapshot(ACCEPTED.id) is not None
    assert asked == [ACCEPTED.id]
    assert [entry.id for entry in everything(records)] == [ACCEPTED.id]
    assert asked == [ACCEPTED.id, "recent.open", "recent"]


def everything(records: MigrationRecords) -> list[ListEntry]:
    return records.recent(stage=None, outcome=None, limit=9, after="")[0]
