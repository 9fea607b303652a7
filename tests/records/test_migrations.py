"""The app's memory of migrations, in both homes: one claim wins, what must be written once is, nothing gets lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any, TypeVar

import pytest

from domain.approval.decisions import Decision
from domain.ids import image_key
from domain.migration.polling import RegionStatus
from domain.migration.recorded import (
    Accepted,
    Finished,
    Latch,
    ListEntry,
    Received,
    Ruling,
    State,
)
from domain.migration.stages import Outcome, Stage
from records.migrations import MigrationRecords, next_id
from records.store import Record, RecordStore
from tests.builders import IMAGE_ID, NOW, a_decision, an_acceptance
from tests.records.conftest import Home

T = TypeVar("T")
WRITERS = 6
ACCEPTED = an_acceptance()
DONE = Finished(outcome=Outcome.COMPLETED, reason="migrated", at=NOW, result={"image": "kept"})


@pytest.fixture
def records(store: RecordStore) -> MigrationRecords:
    """Empty records in one home."""
    return MigrationRecords(store)


def at_once(home: Home, work: Callable[[MigrationRecords, int], T]) -> list[T]:
    """What each of several writers gets, all beginning together, each with its own connection."""
    barrier = Barrier(WRITERS)

    def one(number: int) -> T:
        mine = MigrationRecords(home())
        mine.latest("0" * 32)  # connected before the race
        barrier.wait(30)
        return work(mine, number)

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(one, range(WRITERS)))


def received(body_hash: str = "h", **decision: object) -> Received:
    return Received(decision=a_decision(**decision), body_hash=body_hash)


# -- claims -----------------------------------------------------------------------------------------------------


def test_one_of_many_claims_wins(home: Home) -> None:
    """Whoever inserts the attempt's number has the image; the others see that they have lost."""
    won = at_once(home, lambda records, _: records.accept(ACCEPTED))
    assert won.count(True) == 1
    assert MigrationRecords(home()).latest(image_key(IMAGE_ID)) == ACCEPTED


def test_attempts_are_numbered_and_the_newest_is_the_latest(records: MigrationRecords) -> None:
    """By number, beyond nine too; other images do not count."""
    for attempt in (*range(1, 12),):
        assert records.accept(an_acceptance(attempt))
    records.accept(an_acceptance(image_id=IMAGE_ID + "b"))
    latest = records.latest(image_key(IMAGE_ID))
    assert latest == an_acceptance(11)
    assert [a.attempt for a in records.attempts(image_key(IMAGE_ID))] == list(range(1, 12))
    assert next_id(latest, image_key(IMAGE_ID)) == (an_acceptance(12).id, 12)


def test_the_first_attempt_of_an_image_is_number_one(records: MigrationRecords) -> None:
    """No record, no attempt."""
    key = image_key(IMAGE_ID)
    assert records.latest(key) is None
    assert next_id(None, key) == (ACCEPTED.id, 1)


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
    """What was written by whatever step."""
    records.accept(ACCEPTED)
    records.mark_started(ACCEPTED.id, NOW)
    records.change_state(ACCEPTED, lambda s: s.model_copy(update={"stage": Stage.APPROVAL}), NOW)
    regions = (RegionStatus(name="eastus2", state="Completed", progress=100),)
    records.write_regions(ACCEPTED.id, regions)
    latch = records.set_latch(ACCEPTED.id, Latch(kind="cancel", at=NOW, by="ada"))
    records.receive(ACCEPTED.id, received())
    ruling = records.rule(ACCEPTED.id, "k1", Ruling(accepted=True, text="approved by ada"))
    records.write_recipe(ACCEPTED.id, {"id": IMAGE_ID}, NOW)
    snapshot = records.snapshot(ACCEPTED.id)
    assert snapshot is not None
    assert snapshot.started
    assert (snapshot.stage, snapshot.regions, snapshot.latch) == (Stage.APPROVAL, regions, latch)
    assert (snapshot.received, snapshot.rulings) == ((received(),), {"k1": ruling})
    recipe = {"at": NOW.isoformat(), "image": {"id": IMAGE_ID}, "sent": True}
    assert records.read_recipe(ACCEPTED.id) == recipe
    records.mark_unsent(ACCEPTED.id)
    assert records.read_recipe(ACCEPTED.id) == {**recipe, "sent": False}


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


def test_the_first_latch_holds(home: Home) -> None:
    """A cancellation and a deletion at the same moment: all agree which came first."""
    kinds = ("cancel", "deletion", "finished")
    held = at_once(
        home,
        lambda records, n: records.set_latch(
            ACCEPTED.id, Latch.model_validate({"kind": kinds[n % 3], "at": NOW, "by": str(n)})
        ),
    )
    assert len(set(held)) == 1
    assert MigrationRecords(home()).read_latch(ACCEPTED.id) == held[0]


def test_a_decision_is_stored_once(home: Home) -> None:
    """Of two bodies under one webhook-id, one holds for all."""
    held = at_once(home, lambda records, n: records.receive(ACCEPTED.id, received(f"h{n}")))
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


def test_an_outcome_is_written_once(home: Home) -> None:
    """The workflow and the sweep at the same moment: one outcome."""
    outcomes = list(Outcome)
    MigrationRecords(home()).accept(ACCEPTED)
    held = at_once(
        home,
        lambda records, n: records.finish(
            ACCEPTED, DONE.model_copy(update={"outcome": outcomes[n % 4], "reason": str(n)})
        ),
    )
    assert len({(f.outcome, f.reason) for f in held}) == 1
    snapshot = MigrationRecords(home()).snapshot(ACCEPTED.id)
    assert snapshot is not None
    assert snapshot.finished == held[0]
    assert snapshot.stage is Stage.FINISHED


def test_no_change_of_the_state_is_lost(home: Home) -> None:
    """Writers at the same time each see what the others wrote."""
    MigrationRecords(home()).accept(ACCEPTED)

    def warn(records: MigrationRecords, number: int) -> State:
        return records.change_state(
            ACCEPTED,
            lambda s: s.model_copy(update={"warnings": (*s.warnings, str(number))}),
            NOW,
        )

    at_once(home, warn)
    snapshot = MigrationRecords(home()).snapshot(ACCEPTED.id)
    assert snapshot is not None
    assert sorted(snapshot.state.warnings) == [str(n) for n in range(WRITERS)]


# -- the list ---------------------------------------------------------------------------------------------------


def several(records: MigrationRecords) -> list[Accepted]:
    """Five migrations, the oldest first; every second one is completed."""
    made = [an_acceptance(n, IMAGE_ID + str(n)) for n in range(1, 6)]
    for accepted in made:
        records.accept(accepted)
        if accepted.attempt % 2:
            records.finish(accepted, DONE)
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
    records.change_state(made[1], lambda s: s.model_copy(update={"stage": Stage.VERSION}), NOW)
    entries, _ = records.recent(stage=None, outcome=None, limit=9, after="")
    assert ids_of(entries) == [a.id for a in reversed(made)]
    assert entries[3].stage is Stage.VERSION


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
    """A home whose process dies between the pointer and the claim."""

    def __init__(self, home: RecordStore) -> None:
        self._home = home

    def put(self, partition: str, row: str, value: dict[str, object]) -> Record:
        """As the home does."""
        return self._home.put(partition, row, value)

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
    assert asked == [ACCEPTED.id, "recent"]


def everything(records: MigrationRecords) -> list[ListEntry]:
    return records.recent(stage=None, outcome=None, limit=9, after="")[0]


# -- the sweep --------------------------------------------------------------------------------------------------


def test_the_last_sweep_is_remembered(records: MigrationRecords) -> None:
    """None before the first; then the newest, and it is no migration."""
    assert records.last_swept() is None
    records.mark_swept(NOW)
    records.mark_swept(NOW + timedelta(minutes=5))
    assert records.last_swept() == NOW + timedelta(minutes=5)
    assert records.open_migrations() == []
