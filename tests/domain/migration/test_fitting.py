"""A definition that is there, beside what a request and an image need of it."""

from __future__ import annotations

from typing import Any

import pytest

from domain.migration.fitting import (
    MANAGED_IMAGES,
    Misfit,
    Needs,
    misfits_of_image,
    misfits_of_request,
)
from tests import builders as b

BYOL = {"name": "byol", "publisher": "contoso", "product": "firewall"}
NEEDS = Needs(os_type="Windows", hyper_v_generation="V2")


def misfits(wanted: dict[str, Any], there: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Field, what the definition has, and what the request needs."""
    request = b.a_request(imageDefinition=b.definition_part(**wanted)).image_definition
    misfits = misfits_of_request(b.a_definition(**there), request)
    return [(misfit.field, misfit.has, misfit.needs) for misfit in misfits]


PLAN_FIELD, TOLD = "imageDefinition.purchasePlan", "byol/contoso/firewall"
PLANS: dict[str, tuple[dict[str, Any], dict[str, Any], list[tuple[str, str, str]]]] = {
    "the same": ({"purchasePlan": BYOL}, {"purchasePlan": BYOL}, []),
    "the same in other case": (
        {"purchasePlan": BYOL},
        {"purchasePlan": {**BYOL, "publisher": "Contoso"}},
        [],
    ),
    "one that nobody asked for": ({}, {"purchasePlan": BYOL}, []),
    "none": ({"purchasePlan": BYOL}, {}, [(PLAN_FIELD, "none", TOLD)]),
    "one of another product": (
        {"purchasePlan": BYOL},
        {"purchasePlan": {**BYOL, "product": "router"}},
        [(PLAN_FIELD, "byol/contoso/router", TOLD)],
    ),
    "one without a product": (
        {"purchasePlan": BYOL},
        {"purchasePlan": {**BYOL, "product": None}},
        [(PLAN_FIELD, "byol/contoso/", TOLD)],
    ),
}


@pytest.mark.parametrize(("wanted", "there", "found"), PLANS.values(), ids=PLANS)
def test_a_purchase_plan_fits_in_all_its_parts(
    wanted: dict[str, Any], there: dict[str, Any], found: list[tuple[str, str, str]]
) -> None:
    """A misfit is told with both sides."""
    assert misfits(wanted, there) == found


def test_what_the_request_leaves_open_fits() -> None:
    """A security type is compared only when it is asked for."""
    trusted = {"features": [{"name": "SecurityType", "value": "TrustedLaunch"}]}
    assert misfits({}, trusted) == []
    assert misfits({"securityType": "TrustedLaunch"}, trusted) == []
    assert misfits({"securityType": "Standard"}, trusted) == [
        ("imageDefinition.securityType", "TrustedLaunch", "Standard")
    ]


def test_a_definition_that_fits_the_image_has_no_misfit() -> None:
    """Case is no matter."""
    assert list(misfits_of_image(b.a_definition(osType="windows"), NEEDS)) == []


def test_everything_that_does_not_fit_the_image_is_told() -> None:
    """All of it is the definition's name to change, and needed by managed images."""
    there = b.a_definition(
        osType="Linux", osState="Specialized", hyperVGeneration="V1", architecture="Arm64"
    )
    field = "imageDefinition.name"
    assert list(misfits_of_image(there, NEEDS)) == [
        Misfit(field, "OS type", "Linux", "Windows", MANAGED_IMAGES),
        Misfit(field, "OS state", "Specialized", "Generalized", MANAGED_IMAGES),
        Misfit(field, "Hyper-V generation", "V1", "V2", MANAGED_IMAGES),
        Misfit(field, "architecture", "Arm64", "x64", MANAGED_IMAGES),
    ]
