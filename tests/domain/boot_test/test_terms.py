"""The regions that a version is tested in, and the script."""

from datetime import timedelta
from typing import Any

import pytest

from domain.boot_test.terms import (
    BootTestTerms,
    Demand,
    Priority,
    RegionChoice,
    Unproven,
    regions_to_test,
)


def terms(**changes: Any) -> BootTestTerms:
    """Terms with subnets in two regions."""
    fields: dict[str, Any] = {
        "resource_group": "g",
        "subnets": {"eastus2": "a", "westus2": "b", "centralus": "c"},
        "vm_size": "Standard_D2s_v5",
        "timeout": timedelta(minutes=30),
    }
    return BootTestTerms.model_validate(fields | changes)


@pytest.mark.parametrize(
    ("choice", "source", "targets", "tested"),
    [
        (RegionChoice.FIRST, "westus2", ("eastus2", "westus2"), ("westus2",)),
        (RegionChoice.FIRST, "westeurope", ("westeurope", "westus2", "eastus2"), ("eastus2",)),
        (RegionChoice.FIRST, "westeurope", ("westeurope",), ()),
        (
            RegionChoice.EVERY,
            "westus2",
            ("westeurope", "eastus2", "westus2"),
            ("westus2", "eastus2"),
        ),
        (RegionChoice.EVERY, "eastus2", (), ()),
    ],
)
def test_the_sources_region_comes_first(
    choice: RegionChoice, source: str, targets: tuple[str, ...], tested: tuple[str, ...]
) -> None:
    """Then by name, and only where there is a subnet."""
    assert regions_to_test(terms(regions=choice), source, targets) == tested


@pytest.mark.parametrize(
    ("os_type", "script"), [("Windows", "w"), ("windows", "w"), ("Linux", "l"), ("", "l")]
)
def test_each_system_has_its_script(os_type: str, script: str) -> None:
    """Whatever the case of its name."""
    assert terms(linux_script="l", windows_script="w").script_for(os_type) == script


def test_what_settings_may_say() -> None:
    """The values as they are written there."""
    assert {*Demand} == {"asked", "deletions", "always"}
    assert {*RegionChoice} == {"first", "every"}
    assert {*Unproven} == {"ask", "keep"}
    assert {*Priority} == {"regular", "spot"}
    usual = terms()
    assert (usual.priority, usual.regions) == (Priority.REGULAR, RegionChoice.FIRST)
    assert (usual.unproven, usual.linux_script) == (Unproven.ASK, "")
