"""The bodies that are sent: every default that has ever changed is explicit, and a promotion changes one flag."""

from __future__ import annotations

from typing import Any

import pytest

from domain.migration.bodies import (
    MAX_TAG_VALUE,
    MAX_TAGS,
    OUR_TAGS,
    Generation1Security,
    dropped_tags_warning,
    promotion_body,
    version_tags,
)
from domain.migration.fingerprint import FINGERPRINT_TAG, MIGRATION_TAG, SOURCE_TAG
from domain.migration.planning import Plan
from domain.migration.rules import Facts
from tests import builders as b
from tests.builders import (
    IMAGE_ID,
    MIGRATION_ID,
    a_definition,
    a_plan,
    a_request,
    an_image,
    planned,
    some_facts,
    version_json,
)

OMIT, STANDARD = Generation1Security.OMIT, Generation1Security.STANDARD
V1 = some_facts(image=an_image(hyperVGeneration="V1"))
V2 = some_facts()
UNNAMED = some_facts(image=an_image(hyperVGeneration=None))
SECURITY: dict[str, tuple[Facts, str | None, Generation1Security, str, str | None]] = {
    "generation 2, nothing asked": (V2, None, OMIT, "V2", "Standard"),
    "generation 2, trusted launch asked": (V2, "TrustedLaunch", OMIT, "V2", "TrustedLaunch"),
    "generation 1, left out by default": (V1, None, OMIT, "V1", None),
    "generation 1, by the setting": (V1, None, STANDARD, "V1", "Standard"),
    "generation 1, asked for": (V1, "Standard", OMIT, "V1", "Standard"),
    "no generation named means the first": (UNNAMED, None, OMIT, "V1", None),
}


@pytest.mark.parametrize(
    ("facts", "asked", "setting", "generation", "security"), SECURITY.values(), ids=SECURITY
)
def test_a_definition_always_says_generation_and_security(
    facts: Facts,
    asked: str | None,
    setting: Generation1Security,
    generation: str,
    security: str | None,
) -> None:
    """The service's defaults have changed; generation 1 is one named rule."""
    part = b.definition_part(**({"securityType": asked} if asked else {}))
    plan = planned(a_request(imageDefinition=part), facts, setting)
    assert isinstance(plan, Plan)
    properties = plan.definition_body["properties"]
    assert properties["hyperVGeneration"] == generation
    features = [{"name": "SecurityType", "value": security}] if security else None
    assert properties.get("features") == features


def test_a_definition_is_sent_in_full() -> None:
    """Architecture, OS state, generation, identifier and purchase plan, nothing left to defaults."""
    buy = {"name": "byol", "publisher": "contoso", "product": "firewall"}
    plan = a_plan(imageDefinition=b.definition_part(purchasePlan=buy))
    assert plan.definition_body == {
        "location": "westeurope",
        "properties": {
            "osType": "Windows",
            "osState": "Generalized",
            "hyperVGeneration": "V2",
            "architecture": "x64",
            "identifier": {"publisher": "contoso", "offer": "web", "sku": "2019"},
            "features": [{"name": "SecurityType", "value": "Standard"}],
            "purchasePlan": buy,
        },
    }


def test_without_a_purchase_plan_none_is_sent() -> None:
    """An empty one is stored and breaks every VM later."""
    assert "purchasePlan" not in a_plan().definition_body["properties"]


def test_a_version_is_sent_in_full_and_hidden() -> None:
    """Hidden from `latest` until it is promoted, whatever was asked for."""
    plan = a_plan(
        endOfLifeDate="2030-12-31T00:00:00Z",
        blockDeletionBeforeEndOfLife=True,
        excludeFromLatest=False,
    )
    assert plan.version_body["properties"] == {
        "publishingProfile": {
            "targetRegions": [
                {
                    "name": "eastus2",
                    "regionalReplicaCount": 1,
                    "storageAccountType": "Standard_LRS",
                },
                {
                    "name": "westeurope",
                    "regionalReplicaCount": 2,
                    "storageAccountType": "Standard_LRS",
                },
            ],
            "excludeFromLatest": True,
            "replicationMode": "Full",
            "endOfLifeDate": "2030-12-31T00:00:00Z",
        },
        "storageProfile": {"source": {"id": IMAGE_ID}},
        "safetyProfile": {
            "allowDeletionOfReplicatedLocations": False,
            "blockDeletionBeforeEndOfLife": True,
        },
    }


def test_a_version_carries_the_images_tags_and_ours() -> None:
    """Its tags name the source image, the image's fingerprint and the migration that made it."""
    plan = a_plan()
    assert plan.version_body["tags"] == {
        "team": "web",
        SOURCE_TAG: IMAGE_ID,
        FINGERPRINT_TAG: plan.fingerprint.value,
        MIGRATION_TAG: MIGRATION_ID,
    }


def tagged(count: int) -> dict[str, str]:
    return {f"tag{number:02d}": "x" for number in range(count)}


@pytest.mark.parametrize(("count", "kept"), [(0, 0), (47, 47), (48, 47), (50, 47)])
def test_ours_always_fit_beside_the_images_tags(count: int, kept: int) -> None:
    """Azure takes fifty; what does not fit is said in a warning."""
    tags = version_tags(an_image().model_copy(update={"tags": tagged(count)}), "v1-a-b", "m-1")
    assert len(tags) == kept + 3 <= MAX_TAGS
    warnings = list(dropped_tags_warning(tagged(count)))
    assert bool(warnings) is (count > kept)
    assert all(name in " ".join(warnings) for name in sorted(tagged(count))[kept:])


def test_an_image_cannot_pretend_with_our_tags() -> None:
    """A tag of our name on the image is replaced."""
    image = an_image().model_copy(update={"tags": {FINGERPRINT_TAG: "forged"}})
    assert version_tags(image, "v1-a-b", "m-1")[FINGERPRINT_TAG] == "v1-a-b"


def test_a_tag_of_our_name_in_other_case_is_ours() -> None:
    """Azure compares the names of tags without case, and would refuse both in one body."""
    image = an_image().model_copy(update={"tags": {FINGERPRINT_TAG.title(): "forged"}})
    assert set(version_tags(image, "v1-a-b", "m-1")) == set(OUR_TAGS)


def test_a_long_image_id_is_cut_to_what_a_tag_holds() -> None:
    """The end, with the names, is what people look for."""
    image = an_image().model_copy(update={"id": "/subscriptions/" + "x" * 300 + "/images/web"})
    value = version_tags(image, "v1-a-b", "m-1")[SOURCE_TAG]
    assert len(value) == MAX_TAG_VALUE
    assert value.endswith("/images/web")


def test_an_image_id_of_256_characters_is_kept_whole() -> None:
    """As many as a tag holds: docs/platform-notes.md#limits-of-tags"""
    for length, kept in ((256, 256), (257, 255)):
        image_id = "/subscriptions/".ljust(length, "x")
        image = an_image().model_copy(update={"id": image_id})
        value = version_tags(image, "v1-a-b", "m-1")[SOURCE_TAG]
        assert len(value) == 256
        assert value[-kept:] == image_id[-kept:]
        assert value.startswith("…") is (length > 256)


def test_a_version_is_protected_only_if_that_was_asked_for() -> None:
    """Until its end of life nobody could delete it."""
    for asked in ({}, {"endOfLifeDate": "2030-12-31T00:00:00Z"}):
        safety = a_plan(**asked).version_body["properties"]["safetyProfile"]
        assert safety == {"allowDeletionOfReplicatedLocations": False}


def read_version() -> dict[str, Any]:
    body = version_json(hidden=True)
    body["properties"]["safetyProfile"] = {
        "allowDeletionOfReplicatedLocations": False,
        "reportedForPolicyViolation": False,
        "policyViolations": [],
    }
    body["properties"]["replicationStatus"] = {"aggregatedState": "Completed"}
    body["properties"]["publishingProfile"]["addedLater"] = {"kept": True}
    return body


@pytest.mark.parametrize("hidden", [True, False])
def test_a_promotion_changes_only_the_flag(hidden: bool) -> None:
    """The profile as read, what we do not know included; what is read-only is left out."""
    before = read_version()
    body = promotion_body(before, hidden)
    profile = dict(before["properties"]["publishingProfile"])
    del profile["publishedDate"]
    assert body == {
        "location": before["location"],
        "tags": before["tags"],
        "properties": {
            "publishingProfile": {**profile, "excludeFromLatest": hidden},
            "storageProfile": {"source": {"id": IMAGE_ID}},
            "safetyProfile": {"allowDeletionOfReplicatedLocations": False},
        },
    }
    assert before == read_version()


@pytest.mark.parametrize("safety", [None, {}, {"policyViolations": []}])
def test_a_promotion_sends_no_safety_profile_that_says_nothing(safety: Any) -> None:
    """Fields that were left out stay left out."""
    before = read_version()
    before["properties"]["safetyProfile"] = safety
    properties = promotion_body(before, exclude_from_latest=False)["properties"]
    assert "safetyProfile" not in properties


def test_a_promotion_keeps_what_it_does_not_know() -> None:
    """The security profile of a version, and what Azure will have one day."""
    keys = {"uefiSettings": {"additionalSignatures": {"pk": {"type": "x509", "value": ["abc"]}}}}
    before = read_version()
    before["properties"] |= {"securityProfile": keys, "somethingNew": {"a": 1}}
    before["properties"]["storageProfile"]["somethingNew"] = 2
    properties = promotion_body(before, exclude_from_latest=False)["properties"]
    assert properties["securityProfile"] == keys
    assert properties["somethingNew"] == {"a": 1}
    assert properties["storageProfile"] == {"source": {"id": IMAGE_ID}, "somethingNew": 2}


def test_an_existing_definition_keeps_its_security_type() -> None:
    """The plan has the security type of the existing definition."""
    trusted = [{"name": "SecurityType", "value": "TrustedLaunch"}]
    plan = planned(facts=some_facts(definition=a_definition(features=trusted)))
    assert isinstance(plan, Plan)
    assert plan.security_type == "TrustedLaunch"
