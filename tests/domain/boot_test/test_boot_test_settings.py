"""Boot tests are complete or not there: a group, a subnet, an identity of their own, and bounds on all that costs."""

import json
from datetime import timedelta
from typing import Any

import pytest

from domain.boot_test.terms import Demand, Priority, RegionChoice, Unproven
from domain.settings import InvalidSettingsError, Settings
from tests.domain.boot_test.boots import GROUP, SUBSCRIPTION

SUBNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/n/subnets/s"
TESTER = "0d0d0d0d-0000-4000-8000-000000000003"
COMPLETE = {
    "TESTER_CLIENT_ID": TESTER,
    "BOOT_TEST_RESOURCE_GROUP": GROUP,
    "BOOT_TEST_SUBNETS": json.dumps({"East US 2": SUBNET}),
}


def settings(**changes: str) -> Settings:
    """The settings with all that boot tests need."""
    return Settings.from_environ(COMPLETE | changes)


def wrong(environ: dict[str, str]) -> dict[str, str]:
    """The fields that are wrong, and what is said of them."""
    with pytest.raises(InvalidSettingsError) as invalid:
        Settings.from_environ(environ)
    return {problem.field: problem.message for problem in invalid.value.problems}


def test_without_a_group_there_are_none() -> None:
    """And nothing is demanded."""
    none = Settings.from_environ({})
    assert none.boot_test_terms is None
    assert not none.boot_test_proof.required
    assert none.boot_test_proof.max_age == timedelta(days=7)


def test_the_terms_are_what_the_settings_say() -> None:
    """Subnets by the short name of their region."""
    terms = settings().boot_test_terms
    assert terms is not None
    assert (terms.resource_group, terms.subnets) == (GROUP, {"eastus2": SUBNET})
    assert (terms.vm_size, terms.timeout) == ("Standard_D2s_v5", timedelta(minutes=30))
    assert (terms.priority, terms.regions) == (Priority.REGULAR, RegionChoice.FIRST)
    assert (terms.unproven, terms.linux_script, terms.windows_script) == (Unproven.ASK, "", "")
    other = settings(
        BOOT_TEST_VM_SIZE="Standard_B2s",
        BOOT_TEST_PRIORITY="spot",
        BOOT_TEST_TIMEOUT="PT1H",
        BOOT_TEST_REGIONS="every",
        BOOT_TEST_UNPROVEN="keep",
        BOOT_TEST_LINUX_SCRIPT="l",
        BOOT_TEST_WINDOWS_SCRIPT="w",
    ).boot_test_terms
    assert other is not None
    assert (other.vm_size, other.timeout) == ("Standard_B2s", timedelta(hours=1))
    assert (other.priority, other.regions) == (Priority.SPOT, RegionChoice.EVERY)
    assert (other.unproven, other.linux_script, other.windows_script) == (Unproven.KEEP, "l", "w")


def test_a_deployment_may_demand_them() -> None:
    """For all, or for those that delete; and proof at the gate, of a certain age."""
    assert settings().boot_test is Demand.ASKED
    assert settings(BOOT_TEST="always").boot_test is Demand.ALWAYS
    proof = settings(BOOT_TEST_REQUIRED="true", BOOT_TEST_MAX_AGE="P1D").boot_test_proof
    assert (proof.required, proof.max_age) == (True, timedelta(days=1))


@pytest.mark.parametrize(
    ("missing", "field"),
    [
        ("TESTER_CLIENT_ID", "BOOT_TEST_RESOURCE_GROUP"),
        ("BOOT_TEST_SUBNETS", "BOOT_TEST_RESOURCE_GROUP"),
    ],
)
def test_a_group_alone_is_not_enough(missing: str, field: str) -> None:
    """The setting that is missing is named."""
    environ = {name: value for name, value in COMPLETE.items() if name != missing}
    assert missing in wrong(environ)[field]


@pytest.mark.parametrize(
    "demand",
    [{"BOOT_TEST": "always"}, {"BOOT_TEST": "deletions"}, {"BOOT_TEST_REQUIRED": "true"}],
)
def test_nothing_is_demanded_that_cannot_be(demand: dict[str, str]) -> None:
    """Without a group no test can be made."""
    (name,) = demand
    assert "BOOT_TEST_RESOURCE_GROUP" in wrong(demand)[name]


@pytest.mark.parametrize("other", ["AZURE_CLIENT_ID", "DELETER_CLIENT_ID"])
def test_the_tester_is_nobody_else(other: str) -> None:
    """Rights to make machines lie with nothing that reads, publishes or deletes."""
    assert "TESTER_CLIENT_ID" in wrong(COMPLETE | {other: TESTER})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"BOOT_TEST_RESOURCE_GROUP": "boot-tests"}, "BOOT_TEST_RESOURCE_GROUP"),
        ({"BOOT_TEST_RESOURCE_GROUP": f"{SUBSCRIPTION}/groups/x"}, "BOOT_TEST_RESOURCE_GROUP"),
        ({"BOOT_TEST_RESOURCE_GROUP": f"/x/{GROUP[15:]}"}, "BOOT_TEST_RESOURCE_GROUP"),
        ({"BOOT_TEST_RESOURCE_GROUP": f"{GROUP}/x"}, "BOOT_TEST_RESOURCE_GROUP"),
        ({"BOOT_TEST_RESOURCE_GROUP": f"{GROUP}."}, "BOOT_TEST_RESOURCE_GROUP"),
        (
            {"BOOT_TEST_RESOURCE_GROUP": "/subscriptions/x/resourceGroups/y"},
            "BOOT_TEST_RESOURCE_GROUP",
        ),
        ({"BOOT_TEST_SUBNETS": '{"eastus2": "x"}'}, "BOOT_TEST_SUBNETS"),
        ({"BOOT_TEST_SUBNETS": "[]"}, "BOOT_TEST_SUBNETS"),
        ({"BOOT_TEST_TIMEOUT": "PT4M59S"}, "BOOT_TEST_TIMEOUT"),
        ({"BOOT_TEST_TIMEOUT": "PT4H1S"}, "BOOT_TEST_TIMEOUT"),
        ({"BOOT_TEST_VM_SIZE": "big one"}, "BOOT_TEST_VM_SIZE"),
        ({"BOOT_TEST": "never"}, "BOOT_TEST"),
        ({"BOOT_TEST_UNPROVEN": "delete"}, "BOOT_TEST_UNPROVEN"),
        ({"BOOT_TEST_LINUX_SCRIPT": "x" * 16385}, "BOOT_TEST_LINUX_SCRIPT"),
        ({"TESTER_CLIENT_ID": "tester"}, "TESTER_CLIENT_ID"),
    ],
)
def test_a_wrong_value_is_named(change: dict[str, str], field: str) -> None:
    """At the start, and not when the first test is made."""
    assert field in wrong(COMPLETE | change)


@pytest.mark.parametrize("length", ["PT5M", "PT4H"])
def test_the_time_limit_has_bounds(length: str) -> None:
    """Both included."""
    assert settings(BOOT_TEST_TIMEOUT=length).boot_test_terms is not None


def test_ids_are_taken_in_any_case() -> None:
    """And the subscription is kept in lower case, as elsewhere."""
    changed: Any = settings(
        BOOT_TEST_RESOURCE_GROUP=GROUP.replace("subscriptions", "Subscriptions").upper(),
        BOOT_TEST_SUBNETS=json.dumps({"eastus2": SUBNET.upper()}),
    ).boot_test_terms
    group = GROUP.rpartition("/")[2].upper()
    assert changed.resource_group == f"{SUBSCRIPTION}/resourceGroups/{group}"
