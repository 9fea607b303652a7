"""The judgement of a boot test on what was read: wait, go on, or the verdict.

Failed is what says something about the version: its machine was made and did not come up, or the script said no.
Whatever says nothing about it (no quota, no size, a policy, an eviction, a script of which nothing was heard) is
inconclusive.
"""

from datetime import datetime, timedelta
from typing import Literal

from domain.boot_test.readings import READY, MachineReading, ScriptReading
from domain.boot_test.recorded import BootOutcome, BootVerdict
from domain.boot_test.redaction import OUTPUT_BYTES, shown
from domain.ids import fold
from domain.results import ActivityError
from domain.values import Message

# Azure answers 404 for a while after it has taken the PUT.
APPEARS_WITHIN = timedelta(minutes=2)
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=10), timedelta(minutes=1)
_GROWTH = 1.25
LONGEST_REASON = 1000
_NOT_THERE = ScriptReading(provisioning_state="Creating")

# Codes of a provisioning that failed for want of something that the version has nothing to do with.
# docs/platform-notes.md#machines-that-are-not-made
_NOT_ABOUT_THE_VERSION = frozenset(
    {
        "allocationfailed",
        "zonalallocationfailed",
        "overconstrainedallocationrequest",
        "overconstrainedzonalallocationrequest",
        "skunotavailable",
        "operationnotallowed",
        "quotaexceeded",
        "requestdisallowedbypolicy",
        "galleryimagenotfound",
        "resourcepurchasevalidationfailed",
        "marketplacepurchaseeligibilityfailed",
        "vmmarketplaceinvalidinput",
        "subnetisfull",
        "networkinginternaloperationerror",
        "internalexecutionerror",
        "internaldiskmanagementerror",
        "operationpreempted",
        "operationpreemptedbydelete",
    }
)
_EXPLAINED = {
    "osprovisioningtimedout": "the system did not report that it has come up; is the image generalized, and has it an "
    "agent?",
    "osprovisioningclienterror": "the system came up, and could not set itself up",
    "osprovisioninginternalerror": "Azure could not set the system up",
    "vmstarttimedout": "the machine did not start in time",
    "operationnotallowed": "most often a quota: ask for more cores of this family in this region, or set another "
    "BOOT_TEST_VM_SIZE",
    "quotaexceeded": "ask for more cores of this family in this region, or set another BOOT_TEST_VM_SIZE",
    "skunotavailable": "this size is not to be had in this region now; set another BOOT_TEST_VM_SIZE",
    "allocationfailed": "Azure has no room for this size in this region now; test again later",
    "zonalallocationfailed": "Azure has no room for this size in this zone now; test again later",
    "overconstrainedallocationrequest": "Azure has no room for this size in this region now; test again later",
    "requestdisallowedbypolicy": "an Azure Policy forbids such a machine; exempt the group of the tests from it",
    "galleryimagenotfound": "Azure does not have the version in this region yet; test again later",
    "resourcepurchasevalidationfailed": "the terms of the purchase plan are not accepted in the subscription of the "
    "tests",
    "marketplacepurchaseeligibilityfailed": "the purchase plan cannot be bought in the subscription of the tests",
    "vmmarketplaceinvalidinput": "the definition has a purchase plan that the machine does not name",
    "authorizationfailed": "the tester's identity lacks a role",
    "linkedauthorizationfailed": "the tester's identity may not read the version, or not join the subnet",
}


class Waiting(Message):
    """Look again after this time."""

    kind: Literal["waiting"] = "waiting"
    delay: timedelta


class CameUp(Message):
    """The machine is provisioned, and its agent is ready."""

    kind: Literal["up"] = "up"


def delay_after(looks: int) -> timedelta:
    """The pause behind so many looks: ever longer, up to a minute."""
    return FIRST_DELAY * min(_GROWTH**looks, LONGEST_DELAY / FIRST_DELAY)


def judge_machine(
    reading: MachineReading | None, began: datetime, deadline: datetime, now: datetime, looks: int
) -> Waiting | CameUp | BootVerdict:
    """Judge a look at the machine that was asked for at `began`; None: it is not there. Coming up beats the
    deadline."""
    if reading is None:
        if now - began < APPEARS_WITHIN:
            return Waiting(delay=delay_after(looks))
        return inconclusive(
            "MachineGone",
            "the machine is gone; a spot machine was evicted, or somebody deleted it",
            now,
        )
    if reading.power in {"deallocated", "deallocating", "stopped"}:
        return inconclusive(
            "MachineStopped",
            "the machine stands still; a spot machine was evicted, or somebody stopped it",
            now,
        )
    if reading.provisioning_state == "Deleting":
        return inconclusive("MachineGone", "somebody deletes the machine", now)
    if reading.provisioning_state in {"Failed", "Canceled"}:
        code = reading.error_code or f"Machine{reading.provisioning_state}"
        return provisioning_failed(code, reading.error_message, now)
    if reading.provisioning_state == "Succeeded" and reading.agent == READY:
        return CameUp()
    if now < deadline:
        return Waiting(delay=min(delay_after(looks), deadline - now))
    return _too_late(reading, began, now)


def _too_late(reading: MachineReading, began: datetime, now: datetime) -> BootVerdict:
    minutes = round((now - began).total_seconds() / 60)
    if reading.provisioning_state == "Succeeded":
        said = f" ({reading.agent_message})" if reading.agent_message else ""
        text = f"the machine was provisioned, and its agent was not ready after {minutes} minutes{said}"
        return failed("AgentNotReady", text, now)
    text = f"the machine was not provisioned after {minutes} minutes: it is {reading.provisioning_state}"
    return failed("MachineNotProvisioned", text, now)


def provisioning_failed(code: str, message: str, now: datetime) -> BootVerdict:
    """The verdict on a machine that was begun and did not come up."""
    reason = explained(code, message or "Azure gave no reason")
    make = inconclusive if fold(code) in _NOT_ABOUT_THE_VERSION else failed
    return make(code, reason, now)


def refused(error: ActivityError, now: datetime) -> BootVerdict:
    """The verdict when Azure did not take the machine's PUT: there is none, so nothing is known of the version."""
    return inconclusive(error.code, explained(error.code, error.message), now)


def judge_script(
    reading: ScriptReading | None, deadline: datetime, now: datetime, looks: int
) -> Waiting | BootVerdict:
    """Judge a look at the script; None: the command is not there."""
    reading = reading or _NOT_THERE
    state = fold(reading.state)
    if reading.exit_code is not None:
        return _exited(reading, reading.exit_code, now)
    if state == "timedout":
        return _with_output(
            failed("ScriptTimedOut", "the script did not end in time", now), reading
        )
    if state == "canceled":
        return inconclusive("ScriptCanceled", "somebody cancelled the script", now)
    # Of a command that itself has failed nothing more will be heard.
    if now < deadline and reading.provisioning_state != "Failed":
        return Waiting(delay=min(delay_after(looks), deadline - now))
    if state == "running":
        return _with_output(
            failed("ScriptTimedOut", "the script did not end in time", now), reading
        )
    return inconclusive(
        "ScriptNotHeardOf",
        "nothing was heard of the script; the machine's agent needs a way out to Azure from the subnet",
        now,
    )


def _exited(reading: ScriptReading, code: int, now: datetime) -> BootVerdict:
    if code == 0 and fold(reading.state) == "succeeded":
        text = "the machine was provisioned, its agent is ready, and the script ended with 0"
        return _with_output(passed(text, now), reading)
    return _with_output(failed("ScriptFailed", f"the script ended with {code}", now), reading)


def _with_output(verdict: BootVerdict, reading: ScriptReading) -> BootVerdict:
    output = shown(reading.output, OUTPUT_BYTES)
    return verdict.model_copy(update={"exit_code": reading.exit_code, "output": output})


def explained(code: str, message: str) -> str:
    """ARM's code and text, and what they mean where that is known. On one line, cut."""
    meaning = _EXPLAINED.get(fold(code))
    line = " ".join(f"{code}: {message}".split())
    cut = line if len(line) <= LONGEST_REASON else line[:LONGEST_REASON] + "…"
    return f"{cut} ({meaning})" if meaning else cut


def passed(reason: str, now: datetime) -> BootVerdict:
    """The version boots."""
    return BootVerdict(outcome=BootOutcome.PASSED, reason=reason, at=now)


def failed(code: str, reason: str, now: datetime) -> BootVerdict:
    """The version does not boot, or the script says no."""
    return BootVerdict(outcome=BootOutcome.FAILED, code=code, reason=reason, at=now)


def inconclusive(code: str, reason: str, now: datetime) -> BootVerdict:
    """Nothing is known."""
    return BootVerdict(outcome=BootOutcome.INCONCLUSIVE, code=code, reason=reason, at=now)
