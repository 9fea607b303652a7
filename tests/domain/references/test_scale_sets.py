"""Scale sets whose machines have to be looked at, since their model alone does not tell."""

from __future__ import annotations

from typing import Any

import pytest

from domain.references.scale_sets import may_have_drifted
from tests.builders import IMAGE_ID, an_image

# In the image's region, spelt as lists spell it.
SET: dict[str, Any] = {
    "id": "/subscriptions/one/resourceGroups/rg/providers/x/virtualMachineScaleSets/set",
    "location": "East US 2",
    "sku": {"capacity": 3},
    "properties": {"orchestrationMode": "Uniform", "virtualMachineProfile": {}},
}
NAMED = {"virtualMachineProfile": {"storageProfile": {"imageReference": {"id": IMAGE_ID.upper()}}}}
LOOKED_AT: dict[str, dict[str, Any]] = {
    "a set whose model names another image": {},
    "one that does not say what it is": {"properties": {}},
    "one without properties": {"properties": None},
    "one machine": {"sku": {"capacity": 1}},
    "an unknown number of machines": {"sku": None},
    "a size without a number": {"sku": {"name": "Standard_D2s_v5"}},
}
LEFT_OUT: dict[str, dict[str, Any]] = {
    "a flexible set": {"properties": {"orchestrationMode": "flexible"}},
    "no machines": {"sku": {"capacity": 0}},
    "another region": {"location": "westeurope"},
    "a set whose model names the image": {"properties": NAMED},
}


@pytest.mark.parametrize("changes", LOOKED_AT.values(), ids=LOOKED_AT)
def test_the_machines_of_a_set_may_be_older_than_its_model(changes: dict[str, Any]) -> None:
    """Whatever is not known of a set, its machines are looked at."""
    body = {**SET, **changes}
    assert may_have_drifted([body], IMAGE_ID, an_image()) == [body]


@pytest.mark.parametrize("changes", LEFT_OUT.values(), ids=LEFT_OUT)
def test_the_machines_of_other_sets_tell_no_more(changes: dict[str, Any]) -> None:
    """They are listed as machines, are not there, cannot have the image, or the set is a user anyway."""
    assert may_have_drifted([SET, {**SET, **changes}], IMAGE_ID, an_image()) == [SET]


def test_where_the_image_is_gone_no_region_is_left_out() -> None:
    """It is not known where it was."""
    elsewhere = {**SET, "location": "westeurope"}
    assert may_have_drifted([SET, elsewhere], IMAGE_ID, None) == [SET, elsewhere]
