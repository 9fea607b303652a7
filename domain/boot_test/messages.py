"""The contracts of the activities of boot tests (`domain/messages.py` says what a contract is)."""

from datetime import datetime, timedelta
from typing import Literal

from domain.boot_test.judging import CameUp, Waiting
from domain.boot_test.recorded import BootOutcome
from domain.boot_test.terms import Unproven
from domain.messages import Activity, AnyRequest, TimedRequest
from domain.values import Message

# -- requests --------------------------------------------------------------------------------------------------------


class BootTestRequest(AnyRequest):
    """For which test."""

    test_id: str


class BootStep(BootTestRequest):
    """A step of a run of a test, at the orchestration's time: one that is not the newest run's does nothing."""

    run: int
    at: datetime


class BootLook(BootStep):
    """A look, after so many others."""

    looks: int


class BootGivenUp(BootStep):
    """A step that cannot be done: the test has no other end."""

    code: str
    reason: str


# -- replies ---------------------------------------------------------------------------------------------------------


class BootBegun(Message):
    """The point from which a run goes on. `judged`: there is a verdict, and only cleaning up is left; `retry`: how long
    one step goes on while Azure throttles or is down."""

    run: int
    judged: bool
    up: bool
    script: bool
    timeout: timedelta


class MachineBegun(Message):
    """The machine was asked for, by this run or one before."""

    kind: Literal["begun"] = "begun"


class ScriptBegun(Message):
    """The script was sent, by this run or one before."""

    kind: Literal["begun"] = "begun"


class Judged(Message):
    """There is a verdict."""

    kind: Literal["judged"] = "judged"
    outcome: BootOutcome


class LogKept(Message):
    """`kept` is False when there was no log to be had."""

    kept: bool


class MachineGone(Message):
    """`gone` once nothing of the test is left; else `left` says what is."""

    gone: bool
    left: str = ""


class BootFinished(Message):
    """The end of a test, and what is left of it ("" when nothing is)."""

    outcome: BootOutcome
    reason: str
    left: str


class BootTestsOpened(Message):
    """The tests of a migration that have to run; none when all have ended. `regions`: those that are tested."""

    tests: tuple[str, ...]
    regions: tuple[str, ...]


class BootTestsRead(Message):
    """The results of a migration's tests: whether all passed, in words, and what follows when not."""

    passed: bool
    text: str
    unproven: Unproven


# -- contracts -------------------------------------------------------------------------------------------------------

MachineStart = MachineBegun | Judged
MachineLook = Waiting | CameUp | Judged
ScriptStart = ScriptBegun | Judged
ScriptLook = Waiting | Judged

OPEN_BOOT_TESTS = Activity[TimedRequest, BootTestsOpened](
    "open_boot_tests", TimedRequest, BootTestsOpened
)
READ_BOOT_TESTS = Activity[TimedRequest, BootTestsRead](
    "read_boot_tests", TimedRequest, BootTestsRead
)
BEGIN_BOOT_TEST = Activity[BootTestRequest, BootBegun](
    "begin_boot_test", BootTestRequest, BootBegun
)
CREATE_MACHINE = Activity[BootStep, MachineStart]("create_machine", BootStep, MachineStart)
LOOK_AT_MACHINE = Activity[BootLook, MachineLook]("look_at_machine", BootLook, MachineLook)
RUN_SCRIPT = Activity[BootStep, ScriptStart]("run_script", BootStep, ScriptStart)
LOOK_AT_SCRIPT = Activity[BootLook, ScriptLook]("look_at_script", BootLook, ScriptLook)
GIVE_UP_BOOT_TEST = Activity[BootGivenUp, Judged]("give_up_boot_test", BootGivenUp, Judged)
KEEP_LOG = Activity[BootStep, LogKept]("keep_log", BootStep, LogKept)
DELETE_MACHINE = Activity[BootStep, MachineGone]("delete_machine", BootStep, MachineGone)
FINISH_BOOT_TEST = Activity[BootTestRequest, BootFinished](
    "finish_boot_test", BootTestRequest, BootFinished
)
