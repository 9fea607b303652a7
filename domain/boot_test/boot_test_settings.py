"""The settings of boot tests: where they take place, as whom, what they may cost, and what follows from them."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from domain.boot_test.proof import ProofPolicy
from domain.boot_test.requests import LONGEST_SCRIPT
from domain.boot_test.terms import BootTestTerms, Demand, Priority, RegionChoice, Unproven
from domain.identities.identity_settings import ClientId, IdentitySettings
from domain.ids import RESOURCE_GROUP, fold, is_guid
from domain.regions import normalise_region
from domain.setting_types import Span, json_text

_SUBNET = (
    r"/subscriptions/[0-9a-fA-F-]{36}/resourceGroups/[^/]+/providers/Microsoft\.Network/virtualNetworks/[^/]+"
    r"/subnets/[^/]+"
)
_SHORTEST_TIMEOUT, _LONGEST_TIMEOUT = timedelta(minutes=5), timedelta(hours=4)


def _group_id(text: str) -> str:
    parts = text.split("/")
    form = (
        len(parts) == 5 and fold(parts[1]) == "subscriptions" and fold(parts[3]) == "resourcegroups"
    )
    if not form or not is_guid(parts[2]):
        raise ValueError(
            "must be the id of a resource group: /subscriptions/{guid}/resourceGroups/{group}"
        )
    RESOURCE_GROUP.check(parts[4])
    return f"/subscriptions/{parts[2].lower()}/resourceGroups/{parts[4]}"


def _subnets(by_region: dict[str, str]) -> dict[str, str]:
    subnets: dict[str, str] = {}
    for region, subnet in by_region.items():
        if not re.fullmatch(_SUBNET, subnet, re.IGNORECASE):
            raise ValueError(f"{region}: '{subnet}' is no id of a subnet")
        subnets[normalise_region(region)] = subnet
    return subnets


def _timeout(length: timedelta) -> timedelta:
    if not _SHORTEST_TIMEOUT <= length <= _LONGEST_TIMEOUT:
        raise ValueError("must be between PT5M and PT4H")
    return length


Script = Annotated[str, Field(max_length=LONGEST_SCRIPT)]


class BootTestSettings(IdentitySettings):
    """The part of the settings that is about boot tests. Without a group there are none."""

    # Only the settings as a whole are ever made; a cold start would build each part too.
    model_config = ConfigDict(defer_build=True)

    tester_client_id: ClientId = Field(
        "",
        description="Client id of the managed identity that makes and deletes the machines of boot tests.",
    )
    boot_test_subnets: Annotated[
        dict[str, str], BeforeValidator(json_text), AfterValidator(_subnets)
    ] = Field(
        {},
        description="JSON object: by region the id of the subnet for the machines of boot tests.",
    )
    boot_test_resource_group: Annotated[str, AfterValidator(_group_id)] = Field(
        "",
        description="Id of the resource group in which boot tests make their machines. Empty: there are none.",
    )
    boot_test: Demand = Field(
        Demand.ASKED,
        description="Migrations that are tested without asking for it: asked (none), deletions, always.",
    )
    boot_test_regions: RegionChoice = Field(
        RegionChoice.FIRST,
        description="Where a migration's version is tested: in the first of its regions that has a subnet, or every.",
    )
    boot_test_vm_size: str = Field(
        "Standard_D2s_v5", pattern=r"^\w{1,60}$", description="Size of the machines of boot tests."
    )
    boot_test_priority: Priority = Field(
        Priority.REGULAR,
        description="Priority of these machines: regular, or spot, which costs less and can be evicted.",
    )
    boot_test_timeout: Annotated[Span, AfterValidator(_timeout)] = Field(
        timedelta(minutes=30),
        description="How long a machine may take to come up and to run the script, before it is deleted.",
    )
    boot_test_linux_script: Script = Field(
        "", description="Script that Linux machines run as root; it must end with 0. Empty: none."
    )
    boot_test_windows_script: Script = Field(
        "",
        description="PowerShell script that Windows machines run; it must end with 0. Empty: none.",
    )
    boot_test_unproven: Unproven = Field(
        Unproven.ASK,
        description="What follows when a test did not pass and a deletion was asked for: ask all the same, or keep.",
    )
    boot_test_required: bool = Field(
        default=False,
        strict=False,
        description="True: nothing is deleted unless a boot test of its version passed.",
    )
    boot_test_max_age: Span = Field(
        timedelta(days=7), description="How old that boot test may be when the image is deleted."
    )

    @field_validator("tester_client_id")
    @classmethod
    def _a_third_identity(cls, client_id: str, others: ValidationInfo) -> str:
        """The one that makes machines must be able to do nothing else."""
        taken = (others.data.get("azure_client_id"), others.data.get("deleter_client_id"))
        if client_id and client_id in taken:
            raise ValueError(
                "is the client id of another identity: what tests must be one of its own"
            )
        return client_id

    @field_validator("boot_test_resource_group")
    @classmethod
    def _complete(cls, group: str, others: ValidationInfo) -> str:
        if group and not others.data.get("tester_client_id"):
            raise ValueError("needs TESTER_CLIENT_ID: nobody else makes machines")
        if group and not others.data.get("boot_test_subnets"):
            raise ValueError("needs BOOT_TEST_SUBNETS: a machine must be in a network")
        return group

    @field_validator("boot_test", "boot_test_required")
    @classmethod
    def _possible(cls, wanted: Demand | bool, others: ValidationInfo) -> Demand | bool:
        if wanted not in (Demand.ASKED, False) and not others.data.get("boot_test_resource_group"):
            raise ValueError("needs BOOT_TEST_RESOURCE_GROUP: without it there are no boot tests")
        return wanted

    @property
    def boot_test_terms(self) -> BootTestTerms | None:
        """The terms of a test that is accepted now, None where there are none."""
        if not self.boot_test_resource_group:
            return None
        return BootTestTerms(
            resource_group=self.boot_test_resource_group,
            subnets=self.boot_test_subnets,
            vm_size=self.boot_test_vm_size,
            priority=self.boot_test_priority,
            timeout=self.boot_test_timeout,
            regions=self.boot_test_regions,
            unproven=self.boot_test_unproven,
            linux_script=self.boot_test_linux_script,
            windows_script=self.boot_test_windows_script,
        )

    @property
    def boot_test_proof(self) -> ProofPolicy:
        """The demand on tests at the gate."""
        return ProofPolicy(required=self.boot_test_required, max_age=self.boot_test_max_age)
