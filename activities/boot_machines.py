"""The machine of a boot test: made once, looked at, asked to run the script, its log kept, deleted and confirmed gone.

Nothing is touched that the test's own record does not name (`domain/boot_test/ownership.py`).
"""

import logging
import secrets
import string
from datetime import timedelta

from activities.boot_test_activity import implements_test, tester_of
from activities.boot_tests import settled
from arm.boot_diagnostics import LogUnreadableError, read_serial_log
from arm.errors import ArmAnswerError
from arm.run_commands import put_command, read_command
from arm.virtual_machines import put_machine, read_machine
from domain.boot_test.judging import (
    CameUp,
    Waiting,
    inconclusive,
    judge_machine,
    judge_script,
    passed,
    refused,
)
from domain.boot_test.machine_body import Credentials, command_body, machine_body
from domain.boot_test.messages import (
    CREATE_MACHINE,
    KEEP_LOG,
    LOOK_AT_MACHINE,
    LOOK_AT_SCRIPT,
    RUN_SCRIPT,
    BootLook,
    BootStep,
    Judged,
    LogKept,
    MachineBegun,
    ScriptBegun,
)
from domain.boot_test.names import COMMAND
from domain.boot_test.ownership import is_ours
from domain.boot_test.readings import MachineReading
from domain.boot_test.recorded import (
    BootOutcome,
    BootSnapshot,
    BootVerdict,
    came_up,
    intend,
    intend_script,
    owned,
)
from domain.boot_test.redaction import LOG_BYTES, shown
from domain.migration.latch import Halt
from domain.resource_ids import parse_resource_id
from domain.results import ActivityError
from services.boot_tests import may_go_on
from services.dependencies import Dependencies

# Succeeded does not mean usable: docs/platform-notes.md#succeeded-is-not-ready
USABLE_WITHIN = timedelta(minutes=15)
_NOT_THERE_YET, _PRECONDITION_FAILED = "GalleryImageNotFound", 412
_SHORTEST_SCRIPT = timedelta(minutes=1)
_WORKS = "the machine was provisioned and its agent is ready"

log = logging.getLogger("gallery_migrator")


@implements_test(CREATE_MACHINE)
def create_machine(
    request: BootStep, snapshot: BootSnapshot, app: Dependencies
) -> MachineBegun | Judged | ActivityError | Halt:
    """Send the machine's PUT unless it is there. A second one, with other credentials, would be refused, so what is
    there is read first; what Azure refuses makes the test inconclusive."""
    test, state = snapshot.test, snapshot.state
    if state.verdict:
        return Judged(outcome=state.verdict.outcome)
    if not may_go_on(app, test):
        return _settled(request, snapshot, app, _stopped(request))
    tester, machine = tester_of(app), parse_resource_id(test.machine_id)
    reading = read_machine(tester, machine)
    if reading is not None:
        return _there_already(request, snapshot, app, reading)
    if state.vm_ids:
        return _settled(request, snapshot, app, _gone(request))
    body = machine_body(test, credentials())
    held = app.records.change_boot_state(test.id, lambda s: intend(s, request.run, request.at))
    if isinstance(held, Halt):
        return held
    try:
        sent = put_machine(tester, machine, body)
    except ArmAnswerError as error:
        return _refused(request, snapshot, app, error)
    properties = sent.body.get("properties") or {}
    return _ours(request, app, str(properties.get("vmId") or ""))


def credentials() -> Credentials:
    """A random name, account and password, for one request. Azure wants three kinds of characters in a password."""
    letters = secrets.token_hex(6)
    alphabet = string.ascii_letters + string.digits
    password = "".join(secrets.choice(alphabet) for _ in range(40))
    return Credentials(f"b{letters}", f"u{secrets.token_hex(8)}", f"{password}-Aa1")


def _there_already(
    request: BootStep, snapshot: BootSnapshot, app: Dependencies, reading: MachineReading
) -> MachineBegun | Judged | Halt:
    """By an earlier try or run; or it is somebody else's, and left alone."""
    if is_ours(snapshot.test, snapshot.state, reading):
        return _ours(request, app, reading.vm_id)
    text = "a machine of the test's name is there that is not ours; it is left alone"
    verdict = inconclusive("NameTaken", text, request.at)
    return _settled(request, snapshot, app, verdict)


def _ours(request: BootStep, app: Dependencies, vm_id: str) -> MachineBegun | Halt:
    """Write down the machine's own id, as soon as it is known."""
    if vm_id:
        held = app.records.change_boot_state(
            request.test_id, lambda state: owned(state, request.run, vm_id)
        )
        if isinstance(held, Halt):
            return held
    return MachineBegun()


def _refused(
    request: BootStep, snapshot: BootSnapshot, app: Dependencies, error: ArmAnswerError
) -> Judged | ActivityError | Halt:
    value = error.value
    began = snapshot.state.intended_at or request.at
    waits = value.code == _NOT_THERE_YET and request.at - began < USABLE_WITHIN
    if waits or value.status == _PRECONDITION_FAILED:
        return value.model_copy(update={"transient": True})
    if value.transient:
        raise error
    return _settled(request, snapshot, app, refused(value, request.at))


@implements_test(LOOK_AT_MACHINE)
def look_at_machine(
    request: BootLook, snapshot: BootSnapshot, app: Dependencies
) -> Waiting | CameUp | Judged | ActivityError | Halt:
    """One look at the machine, judged."""
    test, state = snapshot.test, snapshot.state
    if state.verdict:
        return Judged(outcome=state.verdict.outcome)
    if not may_go_on(app, test):
        return _settled(request, snapshot, app, _stopped(request))
    reading = read_machine(tester_of(app), parse_resource_id(test.machine_id))
    if reading is not None and not is_ours(test, state, reading):
        return _settled(request, snapshot, app, _gone(request))
    if reading is not None and isinstance(held := _ours(request, app, reading.vm_id), Halt):
        return held
    began, deadline = state.intended_at or request.at, snapshot.deadline or request.at
    judged = judge_machine(reading, began, deadline, request.at, request.looks)
    if isinstance(judged, Waiting):
        return judged
    if isinstance(judged, BootVerdict):
        return _settled(request, snapshot, app, judged)
    if not test.script:
        return _settled(request, snapshot, app, passed(_WORKS, request.at))
    up = app.records.change_boot_state(test.id, lambda s: came_up(s, request.run, request.at))
    return up if isinstance(up, Halt) else judged


@implements_test(RUN_SCRIPT)
def run_script(
    request: BootStep, snapshot: BootSnapshot, app: Dependencies
) -> ScriptBegun | Judged | ActivityError | Halt:
    """Send the script unless it was sent: a second PUT would run it again."""
    test, deadline = snapshot.test, snapshot.deadline
    if snapshot.state.verdict:
        return Judged(outcome=snapshot.state.verdict.outcome)
    if not may_go_on(app, test):
        return _settled(request, snapshot, app, _stopped(request))
    tester, machine = tester_of(app), parse_resource_id(test.machine_id)
    if read_command(tester, machine, COMMAND) is not None:
        return ScriptBegun()
    left = max((deadline or request.at) - request.at, _SHORTEST_SCRIPT)
    held = app.records.change_boot_state(
        test.id, lambda state: intend_script(state, request.run, request.at)
    )
    if isinstance(held, Halt):
        return held
    body = command_body(test, int(left.total_seconds()))
    try:
        put_command(tester, machine, COMMAND, body)
    except ArmAnswerError as error:
        if error.value.transient:
            raise
        return _settled(request, snapshot, app, refused(error.value, request.at))
    return ScriptBegun()


@implements_test(LOOK_AT_SCRIPT)
def look_at_script(
    request: BootLook, snapshot: BootSnapshot, app: Dependencies
) -> Waiting | Judged | ActivityError | Halt:
    """One look at the script, judged; the machine may be gone meanwhile."""
    test = snapshot.test
    if snapshot.state.verdict:
        return Judged(outcome=snapshot.state.verdict.outcome)
    if not may_go_on(app, test):
        return _settled(request, snapshot, app, _stopped(request))
    tester, machine = tester_of(app), parse_resource_id(test.machine_id)
    reading = read_command(tester, machine, COMMAND)
    if reading is None and read_machine(tester, machine) is None:
        return _settled(request, snapshot, app, _gone(request))
    began = snapshot.state.script_at or request.at
    deadline = max(snapshot.deadline or request.at, began + _SHORTEST_SCRIPT)
    judged = judge_script(reading, deadline, request.at, request.looks)
    if isinstance(judged, BootVerdict):
        return _settled(request, snapshot, app, judged)
    return judged


@implements_test(KEEP_LOG)
def keep_log(
    _request: BootStep, snapshot: BootSnapshot, app: Dependencies
) -> LogKept | ActivityError | Halt:
    """Keep the end of the serial log of a machine that did not pass, without secrets, before it is deleted."""
    test, verdict = snapshot.test, snapshot.state.verdict
    if verdict is None or verdict.outcome is BootOutcome.PASSED or snapshot.log:
        return LogKept(kept=bool(snapshot.log))
    tester, machine = tester_of(app), parse_resource_id(test.machine_id)
    reading = read_machine(tester, machine)
    if reading is None or not is_ours(test, snapshot.state, reading):
        return LogKept(kept=False)
    try:
        # Secrets are removed before it is cut, so more is read than is kept.
        text = shown(read_serial_log(tester, machine, 2 * LOG_BYTES), LOG_BYTES)
    except LogUnreadableError as error:
        log.warning("%s: no serial log: %s", test.id, error)
        return LogKept(kept=False)
    app.records.write_boot_log(test.id, text)
    return LogKept(kept=True)


def _stopped(request: BootStep) -> BootVerdict:
    text = "the migration was cancelled or has ended before its version was tested"
    return inconclusive("Stopped", text, request.at)


def _gone(request: BootStep) -> BootVerdict:
    text = "the machine is gone; a spot machine was evicted, or somebody deleted it"
    return inconclusive("MachineGone", text, request.at)


def _settled(
    request: BootStep, snapshot: BootSnapshot, app: Dependencies, verdict: BootVerdict
) -> Judged | Halt:
    return settled(app, snapshot.test, request.run, verdict)
