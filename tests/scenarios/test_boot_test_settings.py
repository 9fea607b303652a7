"""The demands that a deployment may make of boot tests, and what it may spend on them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.boot_tests import NO_TESTS, NOT_TESTED
from tests.scenarios import bodies
from tests.scenarios.bodies import Json
from tests.scenarios.boot_machines import (
    add_networks,
    asked_of,
    finish_test,
    in_the_group,
    machine_fault,
    start_test,
)
from tests.scenarios.client import Client
from tests.scenarios.conftest import a_cloud, add_gallery

STRICT = {
    "BOOT_TEST": "deletions",
    "BOOT_TEST_UNPROVEN": "keep",
    "BOOT_TEST_PRIORITY": "spot",
    "BOOT_TEST_REGIONS": "every",
    "BOOT_TEST_LINUX_SCRIPT": "true",
}
DEMANDING = {"BOOT_TEST_REQUIRED": "true", "BOOT_TEST_MAX_AGE": "PT2H"}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A deployment that tests every deletion in every region, with spot machines, and keeps what did not pass."""
    yield from _deployment(tmp_path_factory.mktemp("strict"), STRICT)


@pytest.fixture(scope="module")
def demanding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A deployment that deletes nothing without a test that passed in the last two hours."""
    yield from _deployment(tmp_path_factory.mktemp("demanding"), DEMANDING)


def _deployment(folder: Path, settings: dict[str, str]) -> Iterator[Client]:
    with a_cloud(folder, more=settings) as cloud:
        add_gallery(cloud)
        add_networks(cloud)
        yield cloud


def test_every_region_with_a_subnet_is_tested(strict: Client) -> None:
    """Without being asked, since a deletion is wanted; side by side, each with its own machine and script."""
    migration = strict.begin("everywhere")
    (status,) = strict.advance_to_stage("approval", migration)
    results = {each["region"]: each for each in status["bootTests"]}
    assert results.keys() == {"eastus2", "westeurope"}
    assert {each["outcome"] for each in results.values()} == {"passed"}
    assert {each["exitCode"] for each in results.values()} == {0}
    assert len([path for path in asked_of(strict, "PUT") if "/runCommands/" in path]) == 2
    assert in_the_group(strict) == []
    strict.cancel(migration)


def test_without_a_deletion_nothing_is_tested(strict: Client) -> None:
    """Unless the request asks for it."""
    migration = strict.begin("untested", delete=False)
    (status,) = strict.finish(migration)
    assert (status["outcome"], status["bootTests"]) == ("completed", [])


def test_an_evicted_machine_says_nothing_and_the_image_is_kept(strict: Client) -> None:
    """Azure takes a spot machine away while its agent is waited for; nobody is asked, nothing is promoted."""
    strict.faults(
        machine_fault("evicted", seconds=1, path="/virtualMachines/boot"),
        machine_fault("agent", path="/virtualMachines/boot"),
    )
    migration = strict.begin("evicted")
    (status,) = strict.finish(migration)
    strict.no_faults()
    assert status["outcome"] == "kept"
    assert "the image is kept and nothing was promoted" in status["reason"]
    codes = {(each["outcome"], each["code"]) for each in status["bootTests"]}
    assert codes == {("inconclusive", "MachineGone")}
    assert strict.image_there("evicted")
    version = strict.version("evicted")
    assert version is not None
    assert version["properties"]["publishingProfile"]["excludeFromLatest"]
    assert in_the_group(strict) == []


def test_a_deletion_without_a_test_is_refused_at_the_gate(demanding: Client) -> None:
    """The plan says so; the version is promoted, the image kept; a test of the version then opens the gate."""
    body = demanding.request("proven")
    demanding.add_image("proven")
    plan = demanding.call("POST", "/api/plans", body)
    assert NOT_TESTED in plan.body["warnings"]
    status = _approved(demanding, demanding.start(body))
    assert status["outcome"] == "kept"
    assert "boot test passed: no (this version was never tested)" in status["reason"]
    test = finish_test(demanding, start_test(demanding, status["versionId"])["id"])
    assert test["result"]["outcome"] == "passed"
    again = _approved(demanding, demanding.start(body))
    assert (again["outcome"], again["result"]["image"]) == ("completed", "deleted")
    (check,) = [c for c in again["result"]["checks"] if c["name"] == "boot test passed"]
    assert check["passed"]


def test_an_old_test_proves_nothing(demanding: Client) -> None:
    """The approval took longer than a test may be old."""
    migration = demanding.begin("slow", bootTest={})
    (status,) = demanding.advance_to_stage("approval", migration)
    assert status["bootTests"][0]["outcome"] == "passed"
    demanding.advance("PT3H")
    ended = _approved(demanding, migration)
    assert ended["outcome"] == "kept"
    assert "boot test passed: no (boot test passed in eastus2" in ended["reason"]


def _approved(cloud: Client, migration: str) -> Json:
    cloud.advance_to_stage("approval", migration)
    assert cloud.decide(migration).status == 200
    (status,) = cloud.finish(migration)
    return status


def test_a_deployment_without_boot_tests_says_so(tmp_path: Path) -> None:
    """A request for one is refused at once, with the setting that is missing."""
    with a_cloud(tmp_path, more={"BOOT_TEST_RESOURCE_GROUP": ""}) as cloud:
        add_gallery(cloud)
        cloud.add_image("asking")
        answer = cloud.call("POST", "/api/migrations", cloud.request("asking", bootTest={}))
        assert (answer.status, answer.body["errors"][0]["message"]) == (422, NO_TESTS)
        version = cloud.request("x")["galleryId"] + "/images/d/versions/1.0.0"
        answer = cloud.call("POST", "/api/boot-tests", {"versionId": version})
        assert (answer.status, answer.body["errors"][0]["message"]) == (422, NO_TESTS)


def test_a_region_without_a_subnet_is_refused_at_once(demanding: Client) -> None:
    """Nobody waits for hours to hear it."""
    image = bodies.image(demanding.subscription, "nowhere") | {"location": "westus2"}
    demanding.control("POST", "/images", image)
    body = demanding.request("nowhere", targetRegions=[{"name": "westus2"}], bootTest={})
    answer = demanding.call("POST", "/api/plans", body)
    assert answer.status == 422
    assert [error["field"] for error in answer.body["errors"]] == ["bootTest"]
