"""Planning: each rule alone makes its problem, all of them come at once, and a plan says exactly what will be sent."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import Problem
from domain.facts import VersionFacts, image_facts, version_facts
from domain.migration.planning import Plan
from domain.migration.rules import Facts
from domain.values import Json
from tests import builders as b
from tests.builders import a_definition, a_request, an_image, data_disk, planned, some_facts

DES: dict[str, Any] = {"diskEncryptionSet": {"id": f"{b.SCOPE}/diskEncryptionSets/keys"}}
TRUSTED = {"imageDefinition": b.definition_part(securityType="TrustedLaunch")}
BYOL = {"name": "byol", "publisher": "contoso", "product": "firewall"}
WITH_PLAN = {"imageDefinition": b.definition_part(purchasePlan=BYOL)}
SHALLOW = {"replicationMode": "Shallow", "targetRegions": [{"name": "eastus2"}]}


def with_disks(*disks: Json) -> Facts:
    return some_facts(image=an_image(storageProfile=b.storage_profile(data_disks=list(disks))))


def with_os_disk(**changes: Any) -> Facts:
    return some_facts(image=an_image(storageProfile=b.storage_profile(os_disk=changes)))


def with_definition(**properties: Any) -> Facts:
    return some_facts(definition=a_definition(**properties))


def edge_zone_image() -> Facts:
    body = {**b.image_body(), "extendedLocation": {"name": "losangeles", "type": "EdgeZone"}}
    return some_facts(image=image_facts(body, b.CREATED))


# what is wrong: (changes to the request, facts, field, words of the message)
PROBLEMS: dict[str, tuple[dict[str, Any], Facts, str, str]] = {
    "the image is not there": ({}, some_facts(image=None), "sourceImageId", "was not found"),
    "the gallery is not there": ({}, some_facts(gallery=None), "galleryId", "az sig create"),
    "the gallery is being made": (
        {},
        some_facts(gallery=b.a_gallery("Creating")),
        "galleryId",
        "Creating",
    ),
    "the image has failed": (
        {},
        some_facts(image=an_image(provisioningState="Failed")),
        "sourceImageId",
        "Failed",
    ),
    "the image is specialized": (
        {},
        with_os_disk(osState="Specialized"),
        "sourceImageId",
        "generalized",
    ),
    "the image lies in an edge zone": ({}, edge_zone_image(), "sourceImageId", "losangeles"),
    "a data disk has 2049 GB": ({}, with_disks(data_disk(3, 2049)), "sourceImageId", "LUN 3"),
    "the OS disk has 4095 GB": ({}, with_os_disk(diskSizeGB=4095), "sourceImageId", "OS disk"),
    "the OS disk is encrypted": ({}, with_os_disk(**DES), "sourceImageId", "encryption set"),
    "a data disk is encrypted": (
        {},
        with_disks(data_disk(0, **DES)),
        "sourceImageId",
        "encryption set",
    ),
    "the end of life is past": (
        {"endOfLifeDate": "2026-03-02T09:29:59Z"},
        some_facts(),
        "endOfLifeDate",
        "future",
    ),
    "the end of life is now": (
        {"endOfLifeDate": "2026-03-02T09:30:00Z"},
        some_facts(),
        "endOfLifeDate",
        "future",
    ),
    "deletion is blocked until no end of life": (
        {"blockDeletionBeforeEndOfLife": True},
        some_facts(),
        "blockDeletionBeforeEndOfLife",
        "endOfLifeDate",
    ),
    "a shallow version and a deletion": (
        {**SHALLOW, "deletion": {"enabled": True}},
        some_facts(),
        "deletion.enabled",
        "Full",
    ),
    "a shallow version with two replicas": (
        {**SHALLOW, "targetRegions": [{"name": "eastus2", "replicaCount": 2}]},
        some_facts(),
        "targetRegions",
        "one replica",
    ),
    "a shallow version elsewhere": (
        {**SHALLOW, "targetRegions": [{"name": "eastus2"}, {"name": "westus"}]},
        some_facts(),
        "targetRegions",
        "remove westus",
    ),
    "trusted launch for generation 1": (
        TRUSTED,
        some_facts(image=an_image(hyperVGeneration="V1")),
        "imageDefinition.securityType",
        "generation 2",
    ),
    "trusted launch for an image that names no generation": (
        TRUSTED,
        some_facts(image=an_image(hyperVGeneration=None)),
        "imageDefinition.securityType",
        "generation 2",
    ),
    "another definition has publisher, offer and SKU": (
        {},
        some_facts(other_definitions=(a_definition("older"),)),
        "imageDefinition",
        "'older'",
    ),
    "another definition has them in other case": (
        {"imageDefinition": b.definition_part(publisher="CONTOSO")},
        some_facts(other_definitions=(a_definition("older"),)),
        "imageDefinition",
        "'older'",
    ),
    "the definition is being deleted": (
        {},
        with_definition(provisioningState="Deleting"),
        "imageDefinition.name",
        "Deleting",
    ),
    "the definition is for Linux": (
        {},
        with_definition(osType="Linux"),
        "imageDefinition.name",
        "OS type",
    ),
    "the definition is for specialized images": (
        {},
        with_definition(osState="Specialized"),
        "imageDefinition.name",
        "OS state",
    ),
    "the definition is generation 1": (
        {},
        with_definition(hyperVGeneration="V1"),
        "imageDefinition.name",
        "generation",
    ),
    "the definition names no generation": (
        {},
        with_definition(hyperVGeneration=None),
        "imageDefinition.name",
        "generation",
    ),
    "the definition is for Arm64": (
        {},
        with_definition(architecture="Arm64"),
        "imageDefinition.name",
        "architecture",
    ),
    "the definition has another publisher": (
        {},
        with_definition(identifier={"publisher": "fabrikam", "offer": "web", "sku": "2019"}),
        "imageDefinition.publisher",
        "fabrikam",
    ),
    "the definition has another offer": (
        {},
        with_definition(identifier={"publisher": "contoso", "offer": "app", "sku": "2019"}),
        "imageDefinition.offer",
        "app",
    ),
    "the definition has another SKU": (
        {},
        with_definition(identifier={"publisher": "contoso", "offer": "web", "sku": "2022"}),
        "imageDefinition.sku",
        "2022",
    ),
    "the definition has another security type": (
        TRUSTED,
        with_definition(),
        "imageDefinition.securityType",
        "TrustedLaunch",
    ),
    "the definition has no purchase plan": (
        WITH_PLAN,
        with_definition(),
        "imageDefinition.purchasePlan",
        "purchase plan",
    ),
    "the version is somebody else's": (
        {},
        some_facts(definition=a_definition(), versions=(b.a_version(tag=None),)),
        "imageVersion",
        "something else",
    ),
    "the version lacks a region asked for": (
        {"targetRegions": [{"name": "northeurope"}]},
        some_facts(definition=a_definition(), versions=(b.a_version(),)),
        "targetRegions",
        "northeurope",
    ),
    "the version is shallow": (
        {},
        some_facts(definition=a_definition(), versions=(b.a_version(mode="Shallow"),)),
        "replicationMode",
        "Shallow",
    ),
}

MARKETPLACE = "No purchase plan was given"
DELETION = {"deletion": {"enabled": True}}
OTHER_SUBSCRIPTION = {"galleryId": b.GALLERY_ID.replace("1111", "9999")}

# what is allowed: (changes to the request, facts, the words of each warning)
ALLOWED: dict[str, tuple[dict[str, Any], Facts, tuple[str, ...]]] = {
    "a definition that is there": ({}, with_definition(), ()),
    "no definition and no purchase plan": ({}, some_facts(), (MARKETPLACE,)),
    "no definition, with a purchase plan": (WITH_PLAN, some_facts(), ()),
    "a data disk of 1024 GB": ({}, with_disks(data_disk(1, 1024)), (MARKETPLACE,)),
    "a data disk of 1025 GB": (
        {},
        with_disks(data_disk(1, 1025)),
        ("LUN 1 has 1025 GB; some of Microsoft's pages still name 1 TB", MARKETPLACE),
    ),
    "each data disk of 2048 GB": (
        WITH_PLAN,
        with_disks(data_disk(0, 2048), data_disk(1), data_disk(2, 2048)),
        ("LUN 0 has 2048 GB", "LUN 2 has 2048 GB"),
    ),
    "a data disk of unknown size": (
        WITH_PLAN,
        with_disks(data_disk(1, None), data_disk(2)),
        ("size of every disk",),
    ),
    "an OS disk of unknown size": (WITH_PLAN, with_os_disk(diskSizeGB=None), ("size of every",)),
    "an OS disk of 2048 GB": (WITH_PLAN, with_os_disk(diskSizeGB=2048), ()),
    "64 data disks": (WITH_PLAN, with_disks(*(data_disk(n) for n in range(64))), ()),
    "a definition that is being updated": ({}, with_definition(provisioningState="Updating"), ()),
    "a definition in other case": (
        {"imageDefinition": b.definition_part(sku="2019", publisher="Contoso")},
        with_definition(),
        (),
    ),
    "a definition without architecture": ({}, with_definition(architecture=None), ()),
    "a definition with the asked purchase plan": (
        WITH_PLAN,
        with_definition(purchasePlan=BYOL),
        (),
    ),
    "a definition with a purchase plan": (
        {},
        with_definition(purchasePlan=BYOL),
        ("has the purchase plan byol; the image must have come from the same",),
    ),
    "an end of life in a second": (
        {"endOfLifeDate": "2026-03-02T09:30:01Z", **WITH_PLAN},
        some_facts(),
        (),
    ),
    "a shallow version at home": ({**SHALLOW, **WITH_PLAN}, some_facts(), ()),
    "a deletion": ({**DELETION, **WITH_PLAN}, some_facts(), ()),
    "no creation time": (WITH_PLAN, some_facts(image=an_image(created=None)), ()),
    "a deletion without a creation time": (
        {**DELETION, **WITH_PLAN},
        some_facts(image=an_image(created=None)),
        ("creation time cannot be read, so the image will be kept",),
    ),
    "an end of life right before the approval's deadline": (
        {"endOfLifeDate": "2026-03-05T09:29:59Z", **DELETION, **WITH_PLAN},
        some_facts(),
        ("before the approval's deadline",),
    ),
    "an end of life at the approval's deadline": (
        {"endOfLifeDate": "2026-03-05T09:30:00Z", **DELETION, **WITH_PLAN},
        some_facts(),
        (),
    ),
    "an end of life before a longer approval's deadline": (
        {
            "endOfLifeDate": "2026-03-05T09:30:00Z",
            "approval": {"timeout": "P4D"},
            **DELETION,
            **WITH_PLAN,
        },
        some_facts(),
        ("before the approval's deadline",),
    ),
    "a gallery of another subscription": (
        {**OTHER_SUBSCRIPTION, **WITH_PLAN},
        some_facts(),
        ("another subscription",),
    ),
    "a tag more than fits": (
        WITH_PLAN,
        some_facts(
            image=an_image().model_copy(update={"tags": {f"t{n:02}": "" for n in range(48)}})
        ),
        ("not carried over: t47.",),
    ),
    "trusted launch for generation 2": (
        {"imageDefinition": b.definition_part(securityType="TrustedLaunch", purchasePlan=BYOL)},
        some_facts(),
        (),
    ),
}


def the_plan(request: dict[str, Any], facts: Facts | None = None) -> Plan:
    plan = planned(a_request(**request), facts)
    assert isinstance(plan, Plan), plan
    return plan


def the_problems(request: dict[str, Any], facts: Facts) -> list[Problem]:
    problems = planned(a_request(**request), facts)
    assert not isinstance(problems, Plan)
    return problems


@pytest.mark.parametrize(("changes", "facts", "field", "words"), PROBLEMS.values(), ids=PROBLEMS)
def test_what_azure_would_refuse_is_a_problem(
    changes: dict[str, Any], facts: Facts, field: str, words: str
) -> None:
    """One problem, at the field to change, in words that say what is the case."""
    problems = the_problems(changes, facts)
    assert [problem.field for problem in problems] == [field]
    assert words in problems[0].message


@pytest.mark.parametrize(("changes", "facts", "warnings"), ALLOWED.values(), ids=ALLOWED)
def test_what_azure_takes_is_planned(
    changes: dict[str, Any], facts: Facts, warnings: tuple[str, ...]
) -> None:
    """A request that is allowed but worth a warning is planned with it; of anything else nobody is warned."""
    lines = the_plan(changes, facts).warnings
    assert [words for words, text in zip(warnings, lines, strict=True) if words not in text] == []


def test_all_problems_come_at_once() -> None:
    """Before the first write, the caller learns everything that stands in the way."""
    facts = some_facts(
        image=an_image(provisioningState="Failed", hyperVGeneration="V1"),
        gallery=b.a_gallery("Failed"),
        definition=a_definition(osType="Linux"),
    )
    problems = the_problems({"endOfLifeDate": "2020-01-01T00:00:00Z"}, facts)
    assert [p.field for p in problems] == [
        "galleryId",
        "endOfLifeDate",
        "sourceImageId",
        "imageDefinition.name",
        "imageDefinition.name",
    ]


def test_a_taken_version_name_comes_with_the_other_problems() -> None:
    """Nobody corrects a date to learn then that the name is taken."""
    facts = some_facts(definition=a_definition(), versions=(b.a_version(tag=None),))
    problems = the_problems({"endOfLifeDate": "2020-01-01T00:00:00Z"}, facts)
    assert [p.field for p in problems] == ["endOfLifeDate", "imageVersion"]


def test_names_are_not_looked_at_in_a_definition_that_does_not_fit() -> None:
    """They are taken or free within the one that will be used instead."""
    facts = some_facts(definition=a_definition(osType="Linux"), versions=(b.a_version(tag=None),))
    assert [p.field for p in the_problems({}, facts)] == ["imageDefinition.name"]


def test_every_disk_that_is_too_large_is_named() -> None:
    """Not only the first."""
    problems = the_problems(
        {}, with_disks(data_disk(0, 3000), data_disk(1, 10), data_disk(2, 3000))
    )
    assert ["LUN 0" in problems[0].message, "LUN 2" in problems[1].message] == [True, True]


def test_the_images_region_is_added_when_it_is_missing() -> None:
    """A version must have a replica in its own location."""
    plan = the_plan({"targetRegions": [{"name": "West Europe"}]})
    assert plan.regions == ("eastus2", "westeurope")
    assert plan.location == plan.version_body["location"] == "eastus2"


def test_the_images_region_is_the_only_one_when_none_is_asked_for() -> None:
    """No target regions mean the image's own."""
    assert the_plan({"targetRegions": []}).regions == ("eastus2",)


def test_the_images_region_keeps_what_was_asked_for_it() -> None:
    """Replica count and storage of a named source region are not replaced by defaults."""
    region = {"name": "eastus2", "replicaCount": 5, "storageAccountType": "Premium_LRS"}
    profile = the_plan({"targetRegions": [region]}).version_body["properties"]["publishingProfile"]
    assert profile["targetRegions"] == [
        {"name": "eastus2", "regionalReplicaCount": 5, "storageAccountType": "Premium_LRS"}
    ]


def test_our_own_version_is_taken_up() -> None:
    """Starting a kept image again makes no second version."""
    plan = the_plan({}, some_facts(definition=a_definition(), versions=(b.a_version(),)))
    assert (plan.adopts_existing, plan.version_name, plan.definition_exists) == (
        True,
        "1.0.0",
        True,
    )


def test_a_taken_up_version_may_have_more_regions() -> None:
    """Regions that somebody added do no harm."""
    versions = (b.a_version(),)
    facts = some_facts(definition=a_definition(), versions=versions)
    assert the_plan({"targetRegions": [{"name": "eastus2"}]}, facts).adopts_existing


TAKEN_UP_OTHERWISE: dict[str, tuple[dict[str, Any], str]] = {
    "replicas": (
        {"targetRegions": [{"name": "West Europe", "replicaCount": 5}]},
        "westeurope has 2 replicas, not 5",
    ),
    "storage": (
        {"targetRegions": [{"name": "East US 2", "storageAccountType": "Premium_LRS"}]},
        "eastus2 has Standard_LRS, not Premium_LRS",
    ),
    "end of life": (
        {"endOfLifeDate": "2030-12-31T00:00:00Z"},
        "its end of life is none, not 2030-12-31T00:00:00+00:00",
    ),
    "protection": (
        {"endOfLifeDate": "2030-12-31T00:00:00Z", "blockDeletionBeforeEndOfLife": True},
        "its deletion is not blocked before its end of life",
    ),
}


@pytest.mark.parametrize(
    ("changes", "text"), TAKEN_UP_OTHERWISE.values(), ids=TAKEN_UP_OTHERWISE.keys()
)
def test_what_a_taken_up_version_has_not_as_asked_is_a_warning(
    changes: dict[str, Any], text: str
) -> None:
    """It is used as it is, and whoever asked for something else learns it before the image is deleted."""
    facts = some_facts(definition=a_definition(), versions=(b.a_version(),))
    [warning] = [text for text in the_plan(changes, facts).warnings if "taken up" in text]
    assert text in warning


def test_a_taken_up_version_that_is_as_asked_needs_no_warning() -> None:
    """Nor does the image's own region, which nobody asked for."""
    ends = "2030-12-31T00:00:00.0000000+00:00"
    body = b.version_json()
    body["properties"]["publishingProfile"]["endOfLifeDate"] = ends
    body["properties"]["publishingProfile"]["targetRegions"][0]["regionalReplicaCount"] = 7
    body["properties"]["safetyProfile"] = {"blockDeletionBeforeEndOfLife": True}
    facts = some_facts(definition=a_definition(), versions=(version_facts(body),))
    changes = {
        "targetRegions": [{"name": "West Europe", "replicaCount": 2}],
        "endOfLifeDate": "2030-12-31T01:00:00+01:00",
        "blockDeletionBeforeEndOfLife": True,
    }
    plan = the_plan(changes, facts)
    assert plan.adopts_existing
    assert "taken up" not in str(plan.warnings)


def test_auto_takes_the_next_number() -> None:
    """Soft-deleted numbers are not free."""
    facts = some_facts(
        definition=a_definition(),
        versions=(b.a_version("1.0.2", tag=None),),
        soft_deleted_versions=("1.0.7",),
    )
    plan = the_plan({"imageVersion": "auto"}, facts)
    assert plan.version_name == "1.0.8"
    assert plan.version_id.endswith("/images/web/versions/1.0.8")


def test_the_definition_is_made_where_the_gallery_is_and_the_version_where_the_image_is() -> None:
    """Both locations are Azure's rule."""
    plan = the_plan({})
    assert plan.definition_body["location"] == "westeurope"
    assert plan.version_body["location"] == "eastus2"


def test_a_definition_in_the_making_is_waited_for() -> None:
    """Another migration may have begun it a moment ago: no problem, and not yet a definition that can be used."""
    plan = planned(b.a_request(), with_definition(provisioningState="Creating"))
    assert isinstance(plan, Plan)
    assert not plan.definition_exists


def test_a_plan_survives_the_durable_boundary() -> None:
    """The orchestrator gets the plan as it was made."""
    plan = the_plan({"deletion": {"enabled": True}, **WITH_PLAN})
    assert Plan.model_validate(plan.model_dump(mode="json")) == plan


def others() -> VersionFacts:
    """A version of somebody else that has nothing as a request of ours asks for it."""
    body = b.version_json("9.0.0", tag=None, mode="Shallow")
    for region in body["properties"]["publishingProfile"]["targetRegions"]:
        region["regionalReplicaCount"] = 9
    return version_facts(body)


def test_somebody_elses_version_is_not_held_to_the_request() -> None:
    """Neither when a new name is taken, nor when ours stands beside it."""
    facts = with_definition().model_copy(update={"versions": (others(),)})
    free = the_plan({"imageVersion": "auto"}, facts)
    assert (free.version_name, free.adopts_existing, free.warnings) == ("9.0.1", False, ())
    ours = facts.model_copy(update={"versions": (others(), b.a_version())})
    taken_up = the_plan({"imageVersion": "auto"}, ours)
    assert (taken_up.version_name, taken_up.adopts_existing) == ("1.0.0", True)
    assert taken_up.warnings == ()


PURCHASE_PLANS: dict[str, tuple[dict[str, Any], Facts, dict[str, str] | None]] = {
    "asked for": (WITH_PLAN, some_facts(), BYOL),
    "the definition's own": ({}, with_definition(purchasePlan=BYOL), BYOL),
    "the definition's own, with an empty part": (
        {},
        with_definition(purchasePlan={**BYOL, "product": None}),
        {"name": "byol", "publisher": "contoso"},
    ),
    "none, of the definition": ({}, with_definition(), None),
    "none": ({}, some_facts(), None),
}


@pytest.mark.parametrize(("changes", "facts", "told"), PURCHASE_PLANS.values(), ids=PURCHASE_PLANS)
def test_a_plan_has_the_purchase_plan_that_machines_will_need(
    changes: dict[str, Any], facts: Facts, told: dict[str, str] | None
) -> None:
    """For the line that tests the version."""
    assert the_plan(changes, facts).purchase_plan == told
