"""A look at the machine or its script is a wait, a step on, or the verdict: failed says something about the version."""

from datetime import timedelta
from typing import Any

import pytest

from domain.boot_test.judging import (
    APPEARS_WITHIN,
    FIRST_DELAY,
    LONGEST_DELAY,
    LONGEST_REASON,
    CameUp,
    Waiting,
    delay_after,
    explained,
    judge_machine,
    judge_script,
    provisioning_failed,
    refused,
)
from domain.boot_test.readings import MachineReading, ScriptReading
from domain.boot_test.recorded import BootOutcome, BootVerdict
from domain.results import ActivityError
from tests.domain.boot_test.boots import NOW

END = NOW + timedelta(minutes=30)
FAILED, INCONCLUSIVE = BootOutcome.FAILED, BootOutcome.INCONCLUSIVE
SECOND = timedelta(seconds=1)


def reading(**changes: Any) -> MachineReading:
    """A machine that runs, whose agent is ready."""
    fields = {"vm_id": "v", "provisioning_state": "Succeeded", "power": "running", "agent": "Ready"}
    return MachineReading.model_validate(fields | changes)


def look(seen: MachineReading | None, minutes: float = 5, looks: int = 0) -> Any:
    """The judgement so many minutes after the machine was asked for."""
    return judge_machine(seen, NOW, END, NOW + timedelta(minutes=minutes), looks)


def told(judged: Any) -> tuple[BootOutcome, str]:
    """Outcome and code of a verdict."""
    assert isinstance(judged, BootVerdict)
    return judged.outcome, judged.code


def test_it_has_come_up() -> None:
    """Provisioned, and the agent ready; the deadline is no matter then."""
    assert look(reading()) == CameUp()
    assert look(reading(), minutes=500) == CameUp()


@pytest.mark.parametrize(
    "changes",
    [
        {"provisioning_state": "Creating"},
        {"provisioning_state": "Updating"},
        {"agent": "Not Ready"},
        {"agent": ""},
    ],
)
def test_it_is_waited_for(changes: dict[str, str]) -> None:
    """While there is time."""
    assert look(reading(**changes)) == Waiting(delay=FIRST_DELAY)


def test_the_last_wait_ends_at_the_deadline() -> None:
    """And at the deadline there is a verdict."""
    slow = reading(agent="Not Ready", agent_message="no word")
    at = END - SECOND
    assert judge_machine(slow, NOW, END, at, 9) == Waiting(delay=SECOND)
    late = look(slow, minutes=30, looks=9)
    assert told(late) == (FAILED, "AgentNotReady")
    assert late.reason == (
        "the machine was provisioned, and its agent was not ready after 30 minutes (no word)"
    )
    silent = look(reading(agent="", agent_message=""), minutes=240)
    assert silent.reason.endswith("not ready after 240 minutes")


def test_a_machine_that_is_still_being_made_at_the_deadline_has_failed() -> None:
    """Azure's own limits are longer than most deployments wait."""
    late = look(reading(provisioning_state="Creating"), minutes=30)
    assert told(late) == (FAILED, "MachineNotProvisioned")
    assert late.reason == "the machine was not provisioned after 30 minutes: it is Creating"


def test_a_machine_that_is_not_there() -> None:
    """At first it may not show yet; then it is gone."""
    early = NOW + APPEARS_WITHIN - SECOND
    assert judge_machine(None, NOW, END, early, 0) == Waiting(delay=FIRST_DELAY)
    assert told(judge_machine(None, NOW, END, NOW + APPEARS_WITHIN, 0)) == (
        INCONCLUSIVE,
        "MachineGone",
    )
    assert timedelta(minutes=2) == APPEARS_WITHIN


@pytest.mark.parametrize("power", ["deallocated", "deallocating", "stopped"])
def test_a_machine_that_stands_still_says_nothing(power: str) -> None:
    """An eviction, or somebody's hand."""
    assert told(look(reading(power=power))) == (INCONCLUSIVE, "MachineStopped")


def test_a_machine_that_somebody_deletes_says_nothing() -> None:
    """Before its verdict we do not."""
    assert told(look(reading(provisioning_state="Deleting"))) == (INCONCLUSIVE, "MachineGone")


def test_a_provisioning_that_failed_keeps_azures_words() -> None:
    """Code and text, and what they mean."""
    state = reading(
        provisioning_state="Failed", error_code="OSProvisioningTimedOut", error_message="Too slow."
    )
    verdict = look(state)
    assert told(verdict) == (FAILED, "OSProvisioningTimedOut")
    assert verdict.reason.startswith("OSProvisioningTimedOut: Too slow. (")
    assert told(look(reading(provisioning_state="Canceled"))) == (FAILED, "MachineCanceled")
    assert look(reading(provisioning_state="Failed")).reason == (
        "MachineFailed: Azure gave no reason"
    )


@pytest.mark.parametrize(
    "code",
    [
        "AllocationFailed",
        "ZonalAllocationFailed",
        "OverconstrainedAllocationRequest",
        "OverconstrainedZonalAllocationRequest",
        "SkuNotAvailable",
        "OperationNotAllowed",
        "QuotaExceeded",
        "RequestDisallowedByPolicy",
        "GalleryImageNotFound",
        "ResourcePurchaseValidationFailed",
        "MarketplacePurchaseEligibilityFailed",
        "VMMarketplaceInvalidInput",
        "SubnetIsFull",
        "NetworkingInternalOperationError",
        "InternalExecutionError",
        "InternalDiskManagementError",
        "OperationPreempted",
        "OperationPreemptedByDelete",
    ],
)
def test_want_of_room_or_right_is_no_word_on_the_version(code: str) -> None:
    """Whatever the case of the code."""
    assert told(provisioning_failed(code.upper(), "x", NOW)) == (INCONCLUSIVE, code.upper())


@pytest.mark.parametrize("code", ["OSProvisioningClientError", "VMStartTimedOut", "Unheard"])
def test_any_other_failure_is(code: str) -> None:
    """One that is not known too: a doubt keeps the image."""
    assert told(provisioning_failed(code, "x", NOW)) == (FAILED, code)


def test_what_azure_does_not_even_take_is_inconclusive() -> None:
    """There is no machine then."""
    error = ActivityError(code="BadRequest", message="no such size", status=400)
    verdict = refused(error, NOW)
    assert told(verdict) == (INCONCLUSIVE, "BadRequest")
    assert (verdict.reason, verdict.at) == ("BadRequest: no such size", NOW)


def test_an_explanation_is_one_line_and_cut() -> None:
    """Azure's texts have no end."""
    assert explained("X", "a\n  b") == "X: a b"
    long = explained("X", "y" * LONGEST_REASON)
    assert (len(long), long[-1]) == (LONGEST_REASON + 1, "…")
    whole = "y" * (LONGEST_REASON - 3)
    assert explained("X", whole) == f"X: {whole}"
    assert LONGEST_REASON == 1000
    assert "BOOT_TEST_VM_SIZE" in explained("QuotaExceeded", "x")


def test_looks_become_rarer() -> None:
    """By a quarter each, up to a minute, however many there were."""
    assert timedelta(seconds=10) == FIRST_DELAY
    assert timedelta(minutes=1) == LONGEST_DELAY
    assert [delay_after(n) for n in (0, 1)] == [FIRST_DELAY, FIRST_DELAY * 1.25]
    assert delay_after(8) < LONGEST_DELAY == delay_after(9) == delay_after(240)


def script(**changes: Any) -> ScriptReading:
    """A script that ended with 0."""
    fields = {"provisioning_state": "Succeeded", "state": "Succeeded", "exit_code": 0}
    return ScriptReading.model_validate(fields | changes)


def test_a_script_that_ends_with_0_passes() -> None:
    """Its output is kept without secrets."""
    verdict = judge_script(script(output="ok token=abc"), END, NOW, 0)
    assert isinstance(verdict, BootVerdict)
    assert (verdict.outcome, verdict.code, verdict.exit_code) == (BootOutcome.PASSED, "", 0)
    assert verdict.output == "ok token=[removed]"
    assert verdict.at == NOW


@pytest.mark.parametrize(("state", "code"), [("Failed", 3), ("Succeeded", 1), ("Failed", 0)])
def test_any_other_end_fails(state: str, code: int) -> None:
    """A failed execution with the code 0 too."""
    verdict = judge_script(script(state=state, exit_code=code, output="why"), END, NOW, 0)
    assert isinstance(verdict, BootVerdict)
    assert told(verdict) == (FAILED, "ScriptFailed")
    assert (verdict.exit_code, verdict.output) == (code, "why")
    assert verdict.reason == f"the script ended with {code}"


def test_a_script_that_azure_ended_has_failed() -> None:
    """With what it said until then."""
    verdict = judge_script(script(state="TimedOut", exit_code=None, output="half"), END, NOW, 0)
    assert told(verdict) == (FAILED, "ScriptTimedOut")
    assert isinstance(verdict, BootVerdict)
    assert verdict.output == "half"


def test_a_script_that_somebody_cancelled_says_nothing() -> None:
    """Nor does one of which nothing is heard."""
    assert told(judge_script(script(state="Canceled", exit_code=None), END, NOW, 0)) == (
        INCONCLUSIVE,
        "ScriptCanceled",
    )


@pytest.mark.parametrize("state", ["Unknown", "Pending", "Running"])
def test_a_script_is_waited_for(state: str) -> None:
    """Until the deadline, and not beyond it."""
    seen = script(state=state, exit_code=None)
    assert judge_script(seen, END, NOW, 0) == Waiting(delay=FIRST_DELAY)
    assert judge_script(seen, END, END - SECOND, 0) == Waiting(delay=SECOND)


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (script(state="Running", exit_code=None), (FAILED, "ScriptTimedOut")),
        (script(state="Pending", exit_code=None), (INCONCLUSIVE, "ScriptNotHeardOf")),
        (script(state="Unknown", exit_code=None), (INCONCLUSIVE, "ScriptNotHeardOf")),
        (None, (INCONCLUSIVE, "ScriptNotHeardOf")),
    ],
)
def test_at_the_deadline_it_depends_on_whether_it_ever_ran(
    seen: ScriptReading | None, verdict: tuple[BootOutcome, str]
) -> None:
    """One that ran did not end; of the others nothing is known."""
    assert told(judge_script(seen, END, END, 0)) == verdict


def test_a_command_that_failed_is_not_waited_for() -> None:
    """Nothing more will be heard."""
    seen = script(provisioning_state="Failed", state="Unknown", exit_code=None)
    assert told(judge_script(seen, END, NOW, 0)) == (INCONCLUSIVE, "ScriptNotHeardOf")


def test_a_command_that_is_not_there_yet_is_waited_for() -> None:
    """Its PUT was taken a moment ago."""
    assert judge_script(None, END, NOW, 0) == Waiting(delay=FIRST_DELAY)
