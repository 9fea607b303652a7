"""The values of a boot test that lie in the records, and what may become of them.

A test is accepted once (`BootTest`) and then changes in one row (`BootState`), which every run is held against: runs
are numbered, and whoever is about to send something writes that there first, conditionally. Each function here is such
a change: the row as it is, and the row as it shall be, or the Halt that says why nothing may be done.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from domain.boot_test.names import machine_name, migration_of
from domain.boot_test.terms import Priority
from domain.callers.actors import Actor
from domain.migration.latch import MOST_RESTARTS_KEPT, Halt, Restart
from domain.values import Message


class BootOutcome(StrEnum):
    """The three ends of a test; inconclusive: nothing can be said of the version."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


class BootStage(StrEnum):
    """The stages of a test; the wire values of its `stage`."""

    ACCEPTED = "accepted"
    MACHINE = "machine"
    SCRIPT = "script"
    CLEANING = "cleaning"
    FINISHED = "finished"


class BootedModel(Message):
    """The parts of a definition and a version that a machine has to fit. `luns`: of the version's data disks."""

    os_type: str
    os_state: str = "Generalized"
    security_type: str = "Standard"
    disk_controllers: str = ""
    purchase_plan: dict[str, str] | None = None
    luns: tuple[int, ...] = ()


class BootTest(Message):
    """A test that was accepted: of this version, as published then, in this region. Nothing changes it."""

    id: str
    version_id: str
    published_date: str | None = None
    region: str
    resource_group: str
    subnet_id: str
    vm_size: str
    priority: Priority = Priority.REGULAR
    timeout: timedelta
    script: str = ""
    model: BootedModel
    accepted_at: datetime
    requester: Actor | None = None

    @property
    def migration_id(self) -> str | None:
        """The migration that it belongs to, if it belongs to one."""
        return migration_of(self.id)

    @property
    def machine_id(self) -> str:
        """The resource id of its machine."""
        return f"{self.resource_group}/providers/Microsoft.Compute/virtualMachines/{machine_name(self.id)}"

    @property
    def part_ids(self) -> tuple[str, ...]:
        """The resource ids of what its machine brings along: network interface and disks."""
        name, group = machine_name(self.id), self.resource_group
        disks = [f"{name}-os", *(f"{name}-data-{lun}" for lun in self.model.luns)]
        return (
            f"{group}/providers/Microsoft.Network/networkInterfaces/{name}-nic",
            *(f"{group}/providers/Microsoft.Compute/disks/{disk}" for disk in disks),
        )


class BootVerdict(Message):
    """The verdict on the version: ARM's code where it gave one, and the reason in words; what the script left."""

    outcome: BootOutcome
    code: str = ""
    reason: str
    at: datetime
    exit_code: int | None = None
    output: str = ""


class BootState(Message):
    """The state of a test. `owner_run`: the newest run of its migration that asked for it.

    `intended_at`: when the machine's PUT was first about to be sent; from then on it may exist. `vm_ids`: the machines
    of that name that are ours. `gone_at`: all of it is confirmed gone; `left`: why it is not, when somebody gave up.
    """

    run: int = 1
    owner_run: int = 0
    started: bool = False
    stopped_run: int = 0
    restarts: tuple[Restart, ...] = ()
    intended_at: datetime | None = None
    vm_ids: tuple[str, ...] = ()
    up_at: datetime | None = None
    script_at: datetime | None = None
    verdict: BootVerdict | None = None
    deletion_at: datetime | None = None
    gone_at: datetime | None = None
    left: str = ""

    @property
    def stage(self) -> BootStage:
        """The stage, from what is written."""
        if self.gone_at:
            return BootStage.FINISHED
        if self.verdict:
            return BootStage.CLEANING
        if self.script_at:
            return BootStage.SCRIPT
        return BootStage.MACHINE if self.intended_at else BootStage.ACCEPTED

    def halt(self, run: int) -> Halt | None:
        """Return why a step of this run may do nothing, or None when it may go on."""
        if self.gone_at:
            return Halt.ENDED
        return Halt.SUPERSEDED if run != self.run else None


class BootResult(Message):
    """The result of a test, as migrations, statements and the gate read it."""

    test_id: str
    version_id: str
    published_date: str | None = None
    region: str
    verdict: BootVerdict
    machine_id: str = ""
    left: str = ""

    @property
    def words(self) -> str:
        """The result in one line."""
        verdict = self.verdict
        return f"boot test {verdict.outcome} in {self.region}: {verdict.reason}"


class BootSnapshot(Message):
    """Everything recorded about one test. `log`: the end of the serial log, "" while there is none."""

    test: BootTest
    state: BootState
    log: str = ""

    @property
    def result(self) -> BootResult | None:
        """The result, once there is a verdict."""
        if self.state.verdict is None:
            return None
        return BootResult(
            test_id=self.test.id,
            version_id=self.test.version_id,
            published_date=self.test.published_date,
            region=self.test.region,
            verdict=self.state.verdict,
            machine_id=self.test.machine_id,
            left=self.state.left,
        )

    @property
    def deadline(self) -> datetime | None:
        """The end of the time that the machine and the script have; None before the machine was asked for."""
        began = self.state.intended_at
        return began + self.test.timeout if began else None


def asked_again(state: BootState, owner_run: int) -> BootState:
    """A run of the migration asks for the test: a later one than before makes a new run of it."""
    if owner_run <= state.owner_run:
        return state
    run = state.run + 1 if state.owner_run else state.run
    return state.model_copy(update={"owner_run": owner_run, "run": run, "started": True})


def intend(state: BootState, run: int, at: datetime) -> BootState | Halt:
    """A run is about to send the machine's PUT; the last thing before it does. The first time stands."""
    if halt := state.halt(run):
        return halt
    if state.verdict:
        return Halt.TOO_LATE
    return state.model_copy(update={"intended_at": state.intended_at or at})


def owned(state: BootState, run: int, vm_id: str) -> BootState | Halt:
    """A machine of the test's name turned out to be ours."""
    if halt := state.halt(run):
        return halt
    if vm_id in state.vm_ids:
        return state
    return state.model_copy(update={"vm_ids": (*state.vm_ids, vm_id)})


def came_up(state: BootState, run: int, at: datetime) -> BootState | Halt:
    """The machine is provisioned and its agent ready. The first time stands."""
    return state.halt(run) or state.model_copy(update={"up_at": state.up_at or at})


def intend_script(state: BootState, run: int, at: datetime) -> BootState | Halt:
    """A run is about to send the script. The first time stands."""
    if halt := state.halt(run):
        return halt
    if state.verdict:
        return Halt.TOO_LATE
    return state.model_copy(update={"script_at": state.script_at or at})


def settle(state: BootState, run: int, verdict: BootVerdict) -> BootState | Halt:
    """A run has judged the version; the first verdict holds for good."""
    if halt := state.halt(run):
        return halt
    return state if state.verdict else state.model_copy(update={"verdict": verdict})


def intend_deletion(state: BootState, run: int, at: datetime) -> BootState | Halt:
    """A run is about to delete the machine: never before there is a verdict."""
    if halt := state.halt(run):
        return halt
    if state.verdict is None:
        return Halt.TOO_LATE
    return state.model_copy(update={"deletion_at": state.deletion_at or at})


def gone(state: BootState, run: int, at: datetime) -> BootState | Halt:
    """All of it is gone: the test's end, once there is a verdict."""
    if halt := state.halt(run):
        return halt
    if state.verdict is None:
        return Halt.TOO_LATE
    return state.model_copy(update={"gone_at": at, "left": ""})


def left_behind(state: BootState, run: int, why: str) -> BootState | Halt:
    """A run gives up confirming that all of it is gone; the sweep goes on."""
    return state.halt(run) or state.model_copy(update={"left": why})


def found_again(state: BootState, why: str) -> BootState:
    """A machine that is ours was found after all was gone: a PUT that came late. The test is open once more."""
    return state.model_copy(
        update={"gone_at": None, "left": why, "run": state.run + 1, "deletion_at": None}
    )


def restart(
    state: BootState, seen: BootState, start: Restart, verdict: BootVerdict | None = None
) -> BootState | Halt:
    """The sweep starts the next run, if nothing has happened since it looked; `verdict`: of a test that may not go on,
    and is only cleaned up."""
    if state != seen or state.gone_at:
        return Halt.SUPERSEDED
    restarts = (*state.restarts, start)[-MOST_RESTARTS_KEPT:]
    update = {"run": start.run, "restarts": restarts, "verdict": state.verdict or verdict}
    return state.model_copy(update=update)


def stop(state: BootState, seen: BootState) -> BootState | Halt:
    """The sweep is about to terminate an orchestration that hangs."""
    if state != seen or state.gone_at:
        return Halt.SUPERSEDED
    return state.model_copy(update={"stopped_run": state.run})
