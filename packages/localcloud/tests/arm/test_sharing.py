"""Sharing of galleries, and the states of a gallery that its policies go through."""

from __future__ import annotations

from typing import Any

import pytest

from packages.localcloud.tests.arm.driving import Driver

COMMUNITY = {
    "permissions": "Community",
    "communityGalleryInfo": {
        "publisherUri": "https://contoso.example",
        "publisherContact": "a@contoso.example",
        "eula": "none",
        "publicNamePrefix": "contoso",
    },
}
GROUPS = [{"type": "Subscriptions", "ids": ["34a4ab42-0d72-47d9-bd1a-aed207386dac"]}]


def gallery(arm: Driver, **properties: Any) -> Any:
    """The first answer to a PUT of the gallery `g`."""
    arm.image()
    return arm.put("galleries/g", {"location": "eastus2", "properties": properties}).json()


def test_public_names_are_there_at_once(arm: Driver) -> None:
    """From the 201 on, before the gallery is shared; an update and the sharing keep them."""
    made = gallery(arm, sharingProfile=COMMUNITY)["properties"]["sharingProfile"]
    info = made["communityGalleryInfo"]
    assert info["communityGalleryEnabled"] is False
    (name,) = info["publicNames"]
    assert name.startswith("contoso-")
    assert (
        gallery(arm, description="new", sharingProfile=COMMUNITY)["properties"]["sharingProfile"]
        == made
    )
    arm.call("POST", "galleries/g/share", {"operationType": "EnableCommunity"})
    arm.pass_time(minutes=1)
    shared = arm.get("galleries/g")["properties"]["sharingProfile"]["communityGalleryInfo"]
    assert shared == info | {"communityGalleryEnabled": True}


@pytest.mark.parametrize(
    "update",
    [{"operationType": "Add", "groups": GROUPS}, {"operationType": "Reset"}],
    ids=["Add", "Reset"],
)
@pytest.mark.parametrize(
    ("api", "silent"), [("2022-03-03", False), ("2023-07-03", True), ("2024-03-03", False)]
)
def test_sharing_answers_what_was_asked_for(
    arm: Driver, update: Any, api: str, silent: bool
) -> None:
    """The SharingUpdate at once, but for one api-version (recorded), and in the end at the Location."""
    gallery(arm, sharingProfile={"permissions": "Groups"})
    begun = arm.call("POST", "galleries/g/share", update, api=api)
    assert begun.status_code == 202
    assert (begun.content == b"") if silent else (begun.json() == update)
    assert "monitor=true" in begun.headers["Location"]
    arm.pass_time(minutes=1)
    assert arm.operation(begun)["status"] == "Succeeded"
    ended = arm.call("GET", begun.headers["Location"])
    assert (ended.status_code, ended.json()) == (200, update)


def test_a_soft_delete_policy_takes_a_moment(arm: Driver) -> None:
    """The PUT that sets it answers Updating, then the gallery is Succeeded; others are it at once."""
    gallery(arm)
    arm.pass_time(minutes=1)
    assert gallery(arm, description="d")["properties"]["provisioningState"] == "Succeeded"
    policy = {"isSoftDeleteEnabled": True}
    assert gallery(arm, softDeletePolicy=policy)["properties"]["provisioningState"] == "Updating"
    arm.pass_time(minutes=1)
    assert arm.state("galleries/g") == "Succeeded"
