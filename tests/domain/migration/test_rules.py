"""The rules: what is no answer yet, whose definition clashes, and what a plan must not begin with."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from domain.facts import BUSY_STATES, DefinitionFacts, VersionFacts
from domain.migration.fingerprint import fingerprint_of
from domain.migration.requests import TargetRegion
from domain.migration.rules import (
    Facts,
    ImageQuestion,
    Question,
    broken_rules,
    in_motion,
    with_source_region,
)
from tests import builders as b
from tests.builders import NOW, a_definition, a_gallery, a_request, an_image, some_facts

GB_LIMIT = 100_000
KNOWN = fingerprint_of(an_image()).value
LATER = fingerprint_of(an_image(created="2025-01-01T00:00:00Z")).value
UNKNOWN = an_image(created=None)
OTHER_CONTENT = fingerprint_of(an_image(hyperVGeneration="V1")).value


def broken(facts: Facts, **request: Any) -> list[tuple[str, str]]:
    """Field and message of every problem."""
    asked, image = a_request(**request), facts.image
    question = (
        ImageQuestion(asked, facts, NOW, GB_LIMIT, image)
        if image
        else Question(asked, facts, NOW, GB_LIMIT)
    )
    problems = broken_rules(question)
    return [(problem.field, problem.message) for problem in problems]


# -- in motion -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", sorted(BUSY_STATES))
def test_what_is_being_changed_is_no_answer_yet(state: str) -> None:
    """Its end says more; which of the two it is, is told."""
    image, gallery = an_image(provisioningState=state), a_gallery(state)
    assert in_motion(some_facts(image=image)) == f"the image is {state}"
    assert in_motion(some_facts(gallery=gallery)) == f"the gallery is {state}"
    assert in_motion(some_facts(image=image, gallery=gallery)) == f"the image is {state}"
    assert in_motion(some_facts(image=None, gallery=gallery)) == f"the gallery is {state}"


@pytest.mark.parametrize("state", ["Succeeded", "Failed", "Deleting", "Canceled"])
def test_what_has_ended_is_an_answer(state: str) -> None:
    """Also one that the rules refuse."""
    facts = some_facts(image=an_image(provisioningState=state), gallery=a_gallery(state))
    assert in_motion(facts) is None


@pytest.mark.parametrize(
    "facts",
    [
        some_facts(image=None),
        some_facts(gallery=None),
        some_facts(image=None, gallery=None),
        some_facts(image=None, versions=(b.a_version(),)),
    ],
    ids=["no image", "no gallery", "neither", "no image, a version"],
)
def test_what_is_not_there_is_an_answer(facts: Facts) -> None:
    """A 404 does not pass by waiting."""
    assert in_motion(facts) is None


THEIRS, OURS = b.a_version("1.0.0", tag=None), b.a_version("2.0.0", tag=KNOWN)
VERSIONS: dict[str, tuple[tuple[VersionFacts, ...], str]] = {
    "no version": ((), ""),
    "a version without our tag": ((THEIRS,), ""),
    "a version of other content": ((b.a_version(tag=OTHER_CONTENT),), ""),
    "a version of the same content at an unknown time": (
        (b.a_version(tag=fingerprint_of(UNKNOWN).value),),
        "",
    ),
    "a version of the same content": ((OURS,), "2.0.0"),
    "a version of the same content behind others": ((THEIRS, OURS), "2.0.0"),
    "two of them": ((b.a_version("1.1.0", tag=LATER), OURS), "1.1.0"),
}


@pytest.mark.parametrize(("versions", "name"), VERSIONS.values(), ids=VERSIONS)
def test_an_unknown_creation_time_is_no_answer_where_a_version_may_be_the_images_own(
    versions: tuple[VersionFacts, ...], name: str
) -> None:
    """Else a second version would be made of one image."""
    why = in_motion(some_facts(image=UNKNOWN, versions=versions))
    assert (why is not None) is bool(name)
    assert why is None or f"version {name} was made from it" in why


def test_a_known_creation_time_is_an_answer_whatever_versions_there_are() -> None:
    """The tags say then whose they are."""
    versions = tuple(found for tried, _ in VERSIONS.values() for found in tried)
    assert in_motion(some_facts(versions=versions)) is None


# -- definitions of the gallery --------------------------------------------------------------------------------------


def identified(name: str, publisher: str, offer: str, sku: str) -> DefinitionFacts:
    return a_definition(name, identifier={"publisher": publisher, "offer": offer, "sku": sku})


CLASHES: dict[str, tuple[DefinitionFacts, bool]] = {
    "all three": (identified("older", "contoso", "web", "2019"), True),
    "all three in other case": (identified("older", "Contoso", "WEB", "2019"), True),
    "another publisher": (identified("older", "fabrikam", "web", "2019"), False),
    "another offer": (identified("older", "contoso", "app", "2019"), False),
    "another SKU": (identified("older", "contoso", "web", "2022"), False),
    "the definition itself": (identified("web", "contoso", "web", "2019"), False),
    "the definition itself in other case": (identified("WEB", "contoso", "web", "2019"), False),
    "the asked name, another offer": (identified("web", "contoso", "app", "2019"), False),
}


@pytest.mark.parametrize(("other", "clashes"), CLASHES.values(), ids=CLASHES)
def test_one_definition_of_a_gallery_has_publisher_offer_and_sku(
    other: DefinitionFacts, clashes: bool
) -> None:
    """Azure refuses a second one; the one that has them is named."""
    problems = broken(some_facts(other_definitions=(other,)))
    assert [field for field, _ in problems] == ["imageDefinition"] * clashes
    assert all("'older'" in message for _, message in problems)


def test_every_clash_is_told() -> None:
    """In whatever order Azure lists them."""
    first, free, last = (
        identified("first", "contoso", "web", "2019"),
        identified("free", "contoso", "web", "2022"),
        identified("last", "contoso", "web", "2019"),
    )
    messages = [message for _, message in broken(some_facts(other_definitions=(first, free, last)))]
    assert ["'first'" in messages[0], "'last'" in messages[1]] == [True, True]
    assert len(messages) == 2


@pytest.mark.parametrize("state", ["Succeeded", "Updating", "Creating"])
def test_a_definition_that_can_be_used_or_waited_for_is_no_problem(state: str) -> None:
    """Another migration may have begun it a moment ago."""
    assert broken(some_facts(definition=a_definition(provisioningState=state))) == []


@pytest.mark.parametrize("state", ["Failed", "Deleting", "Migrating", "Canceled"])
def test_any_other_definition_is_a_problem(state: str) -> None:
    """Its state is told."""
    [(field, message)] = broken(some_facts(definition=a_definition(provisioningState=state)))
    assert field == "imageDefinition.name"
    assert f"'web' is {state}" in message


# -- the image and its disks -----------------------------------------------------------------------------------------


def test_each_disk_is_named_by_what_it_is() -> None:
    """The OS disk, or a data disk by its LUN; the first has LUN 0."""
    profile = b.storage_profile(os_disk={"diskSizeGB": 2049}, data_disks=[b.data_disk(0, 2049)])
    problems = broken(some_facts(image=an_image(storageProfile=profile)))
    assert [message.partition(" has ")[0] for _, message in problems] == [
        "the OS disk",
        "the data disk at LUN 0",
    ]


@pytest.mark.parametrize(
    ("gigabytes", "refused"), [(None, False), (1, False), (2048, False), (2049, True)]
)
def test_a_disk_may_have_2048_gb(gigabytes: int | None, refused: bool) -> None:
    """One whose size is not told is a warning, not a problem."""
    profile = b.storage_profile(data_disks=[b.data_disk(0, gigabytes)])
    assert bool(broken(some_facts(image=an_image(storageProfile=profile)))) is refused


SECURITY: dict[str, tuple[str | None, str | None, bool]] = {
    "trusted launch, generation 1": ("TrustedLaunch", "V1", True),
    "trusted launch, generation 1 in other case": ("TrustedLaunch", "v1", True),
    "trusted launch, no generation": ("TrustedLaunch", None, True),
    "trusted launch, generation 2": ("TrustedLaunch", "V2", False),
    "standard, generation 1": ("Standard", "V1", False),
    "nothing, generation 1": (None, "V1", False),
}


@pytest.mark.parametrize(("asked", "generation", "refused"), SECURITY.values(), ids=SECURITY)
def test_only_generation_2_has_security_types(
    asked: str | None, generation: str | None, refused: bool
) -> None:
    """Standard is none."""
    part = b.definition_part(**({"securityType": asked} if asked else {}))
    problems = broken(some_facts(image=an_image(hyperVGeneration=generation)), imageDefinition=part)
    assert [field for field, _ in problems] == ["imageDefinition.securityType"] * refused


def test_no_rule_changes_what_the_next_one_looks_at() -> None:
    """So their order is no matter."""
    question = Question(a_request(), some_facts(), NOW, GB_LIMIT)
    with pytest.raises(FrozenInstanceError):
        question.now = NOW  # type: ignore[misc]


def test_rules_about_the_image_run_only_when_it_is_there() -> None:
    """Its absence is one problem, not one for each rule."""
    facts = some_facts(image=None, definition=a_definition(osType="Linux"))
    assert [field for field, _ in broken(facts)] == ["sourceImageId"]


# -- shallow versions ------------------------------------------------------------------------------------------------

EAST, WEST = {"name": "eastus2"}, {"name": "westeurope"}
SHALLOW: dict[str, tuple[dict[str, Any], list[str]]] = {
    "at home": ({"targetRegions": [EAST]}, []),
    "nowhere in particular": ({"targetRegions": []}, []),
    "at home, twice": ({"targetRegions": [{**EAST, "replicaCount": 2}]}, ["targetRegions"]),
    "elsewhere too": ({"targetRegions": [EAST, WEST]}, ["targetRegions"]),
    "with a deletion": (
        {"targetRegions": [EAST], "deletion": {"enabled": True}},
        ["deletion.enabled"],
    ),
}


@pytest.mark.parametrize(("request_", "fields"), SHALLOW.values(), ids=SHALLOW)
def test_a_shallow_version_stays_with_its_image(
    request_: dict[str, Any], fields: list[str]
) -> None:
    """One replica, in the image's region, and the image stays too; a full one may do all of it."""
    shallow, full = (
        broken(some_facts(), replicationMode="Shallow", **request_),
        broken(some_facts(), **request_),
    )
    assert [field for field, _ in shallow] == fields
    assert full == []


DELETING: dict[str, Any] = {"deletion": {"enabled": True}}
OTHERS: dict[str, tuple[VersionFacts, bool]] = {
    "shallow, of this image": (b.a_version("0.9.0", mode="Shallow"), True),
    "shallow, of this image in other case": (
        b.a_version("0.9.0", mode="Shallow", source=b.IMAGE_ID.upper()),
        True,
    ),
    "shallow, still being made": (b.a_version("0.9.0", mode="Shallow", state="Creating"), True),
    "full, of this image": (b.a_version("0.9.0"), False),
    "shallow, of another image": (
        b.a_version("0.9.0", mode="Shallow", source=f"{b.IMAGE_ID}-2"),
        False,
    ),
    "shallow, of a source that is not told": (
        b.a_version("0.9.0", mode="Shallow", source=None),
        False,
    ),
}


@pytest.mark.parametrize(("version", "needs"), OTHERS.values(), ids=OTHERS)
def test_an_image_that_a_shallow_version_hangs_on_cannot_be_deleted(
    version: VersionFacts, needs: bool
) -> None:
    """In this definition or elsewhere, with its id; whoever keeps the image may have it."""
    for facts in (some_facts(versions=(version,)), some_facts(shallow_elsewhere=(version,))):
        problems = broken(facts, **DELETING)
        assert [field for field, _ in problems] == ["deletion.enabled"] * needs
        assert all(version.id in message for _, message in problems)
        assert broken(facts) == []


def test_every_version_that_hangs_on_the_image_is_told() -> None:
    """All at once: each must be deleted first."""
    versions = tuple(version for version, _ in OTHERS.values())
    problems = broken(some_facts(versions=versions[:2], shallow_elsewhere=versions[2:]), **DELETING)
    assert len(problems) == 3


# -- target regions --------------------------------------------------------------------------------------------------


def test_the_images_region_is_added_in_its_place() -> None:
    """A version must be in its own location; one that was asked for is left as it is."""
    asked = (TargetRegion(name="eastus"), TargetRegion(name="westus", replica_count=3))
    added = with_source_region(asked, "northeurope")
    assert [(region.name, region.replica_count) for region in added] == [
        ("eastus", 1),
        ("northeurope", 1),
        ("westus", 3),
    ]
    assert with_source_region(asked, "westus") == asked
