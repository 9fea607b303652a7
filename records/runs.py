"""The writes of a migration's runs: the row they are held against, the plan, how far they have come.

All rows lie under the migration's id: `latch`, `plan`, `state`, `regions`, `checks`, `recipe`, `failing`,
`notice.<receiver's key of its kind>`.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from domain.audit import facts
from domain.migration.latch import Halt, Latch
from domain.migration.planning import Plan
from domain.migration.polling import RegionStatus
from domain.migration.recorded import Failing, State
from domain.notices.notice import Notice
from domain.values import Json
from records.audit import AuditRecords
from records.store import RecordExistsError


class RunRecords(AuditRecords):
    """Reads and writes of runs. Every method may raise RecordsUnavailableError."""

    def read_latch(self, migration: str) -> Latch:
        """The latch; as at the beginning when nobody has written it."""
        record = self._store.read(migration, "latch")
        return Latch.model_validate(record.value if record else {})

    def change_latch(self, migration: str, change: Callable[[Latch], Latch | Halt]) -> Latch | Halt:
        """Change the latch by a function of `domain.migration.latch`: what holds then, or why it may not be."""
        before = Latch()

        def noted(latch: Latch) -> Latch | Halt:
            nonlocal before
            before = latch
            return change(latch)

        held = self.change_message(migration, "latch", Latch, noted)
        if self.audited and isinstance(held, Latch):
            self.write_audit(migration, *facts.of_change(before, held, self.audit_now()))
        return held

    def keep_plan(self, migration: str, plan: Plan) -> None:
        """Keep the plan that was made for a claim, unless its run has one already, started by the sweep while the
        claimant was asleep."""
        with suppress(RecordExistsError):
            self._store.insert(migration, "plan", plan.model_dump(mode="json"))
            self._audit_plan(migration, plan)

    def write_plan(self, migration: str, plan: Plan, taken: str = "") -> Plan:
        """Write the plan unless there is one, but for one whose version name is `taken`; the plan that holds."""
        held = plan

        def changed(value: Json) -> Json | None:
            nonlocal held
            there = Plan.model_validate(value) if value else None
            held = plan if there is None or there.version_name == taken else there
            return held.model_dump(mode="json")

        self.change(migration, "plan", changed)
        self._audit_plan(migration, held)
        return held

    def _audit_plan(self, migration: str, plan: Plan) -> None:
        if self.audited:
            self.write_audit(migration, facts.planned(plan, self.audit_now()))

    def change_state(self, migration: str, change: Callable[[State], State]) -> State:
        """Change the state by a pure function; what holds then."""
        before = State()

        def noted(state: State) -> State:
            nonlocal before
            before = state
            return change(state)

        held = self.change_message(migration, "state", State, noted)
        if self.audited and held.approval and before.approval is None:
            self.write_audit(migration, facts.asked(held.approval, self.audit_now()))
        return held

    def write_regions(self, migration: str, regions: tuple[RegionStatus, ...]) -> bool:
        """Write the regions if they differ from what is written; whether they did."""
        value = {"regions": [region.model_dump(mode="json") for region in regions]}
        record = self._store.read(migration, "regions")
        if record is not None and record.value == value:
            return False
        self._store.put(migration, "regions", value)
        if self.audited:
            self.write_audit(migration, facts.replicated(regions, self.audit_now()))
        return True

    def write_checks(self, migration: str, checks: list[Json]) -> None:
        """Keep what the gate found last."""
        self._store.put(migration, "checks", {"checks": checks})

    def write_recipe(self, migration: str, image: Json, at: datetime) -> None:
        """Keep the whole JSON of an image before it is deleted, once: what is there is the recipe to rebuild it."""
        self.insert_or_read(migration, "recipe", {"at": at.isoformat(), "image": image})

    def read_recipe(self, migration: str) -> Json | None:
        """Return what was kept before the deletion, with `at` and `image`; None if none was ever about to be sent."""
        record = self._store.read(migration, "recipe")
        return record.value if record else None

    def write_failing(self, migration: str, failing: Failing) -> None:
        """Remember since when an activity cannot be done."""
        self._store.put(migration, "failing", failing.model_dump(mode="json"))

    def clear_failing(self, migration: str) -> None:
        """It can be done again."""
        self._store.delete(migration, "failing")

    # -- notices ------------------------------------------------------------------------------------------------

    def make_notice(self, migration: str, key: str, notice: Notice) -> Notice:
        """Write a notice once, under the key of its receiver and kind; the one that holds."""
        row = f"notice.{key}"
        return Notice.model_validate(
            self.insert_or_read(migration, row, notice.model_dump(mode="json"))
        )

    def change_notice(self, migration: str, key: str, change: Callable[[Notice], Notice]) -> None:
        """Change a notice by a pure function."""
        held = self.change_message(migration, f"notice.{key}", Notice, change)
        if self.audited:
            self.write_audit(migration, facts.notified(key, held, self.audit_now()))
