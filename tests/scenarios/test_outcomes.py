"""Migrations end side by side, each in its own way: deleted, kept as asked, rejected, expired, failed."""

import re

import pytest

from tests.scenarios.bodies import Json, gallery_id, image_id
from tests.scenarios.client import Client

REGION_TEXT = "The disk of the replica could not be written."
CONFLICT = {"code": "ConflictingUserInput", "message": "The source is busy with something else."}


@pytest.fixture(scope="module")
def ended(cloud: Client) -> dict[str, Json]:
    """The statuses at the end of migrations that ran at the same time, by the names of their images."""
    cloud.faults(
        _failing_region("onebad", "westeurope"),
        {
            "what": "status",
            "method": "PUT",
            "path": "/images/refused/versions/",
            "status": 409,
            **CONFLICT,
        },
    )
    started = {
        "approved": cloud.begin("approved"),
        "hidden": cloud.begin("hidden", excludeFromLatest=True),
        "asked-to-keep": cloud.begin("asked-to-keep", delete=False),
        "rejected": cloud.begin("rejected"),
        "onebad": cloud.begin("onebad"),
        "refused": cloud.begin("refused"),
    }
    asked = ("approved", "hidden", "rejected")
    cloud.advance_to_stage("approval", *(started[name] for name in asked))
    for name in ("approved", "hidden"):
        assert cloud.decide(started[name]).status == 200
    assert cloud.decide(started["rejected"], "reject", reason="still in use").status == 200
    return dict(zip(started, cloud.finish(*started.values()), strict=True))


@pytest.fixture(scope="module")
def unanswered(cloud: Client) -> dict[str, Json]:
    """The statuses at the end of migrations for whose approval nobody was there."""
    started = {
        "expired": cloud.begin("expired"),
        "brief": cloud.begin("brief", approval={"timeout": "PT2H"}),
    }
    cloud.advance_to_stage("approval", *started.values())
    cloud.advance("PT1H")
    assert cloud.status(started["brief"])["stage"] == "approval"
    cloud.advance("PT2H")
    assert cloud.status(started["brief"])["outcome"] == "kept"
    cloud.advance("P2D")
    assert cloud.status(started["expired"])["stage"] == "approval"
    cloud.advance("P1D")
    return {name: cloud.status(migration) for name, migration in started.items()}


def _failing_region(name: str, region: str) -> Json:
    return {
        "what": "replication",
        "path": f"/images/{name}/versions/",
        "region": region,
        "message": REGION_TEXT,
    }


def test_an_approved_image_is_deleted_once_its_version_is_everywhere(
    cloud: Client, ended: dict[str, Json]
) -> None:
    """The result says what exists, what is gone, what was checked and who decided."""
    status = ended["approved"]
    assert (status["stage"], status["outcome"]) == ("finished", "completed")
    result = status["result"]
    assert result["image"] == "deleted"
    assert result["versionReady"]
    assert result["decidedBy"]["approver"] == "ada"
    assert result["checks"]
    assert all(check["passed"] for check in result["checks"])
    assert {"start_version", "promote_version", "delete_image"} <= set(result["correlationIds"])
    assert result["versionId"] in result["tryCommand"]
    assert [r["state"] for r in status["regions"]] == ["Completed", "Completed"]
    assert not cloud.image_there("approved")


def test_the_timeline_tells_every_stage_in_order(ended: dict[str, Json]) -> None:
    """Stages come in the order of the workflow, moments never go back."""
    timeline = ended["approved"]["timeline"]
    stages = dict.fromkeys(entry["stage"] for entry in timeline if entry["stage"] != "planning")
    assert list(stages) == [
        "definition",
        "version",
        "replication",
        "approval",
        "promotion",
        "deletion",
        "finished",
    ]
    moments = [entry["at"] for entry in timeline]
    assert moments == sorted(moments)


def test_the_version_carries_what_was_asked_and_where_it_came_from(
    cloud: Client, ended: dict[str, Json]
) -> None:
    """Regions, replicas, the image's own tags and ours; visible to `latest` after the promotion."""
    version = cloud.version("approved")
    assert version is not None
    profile = version["properties"]["publishingProfile"]
    regions = {r["name"]: r["regionalReplicaCount"] for r in profile["targetRegions"]}
    assert regions == {"East US 2": 1, "West Europe": 2}
    assert profile["excludeFromLatest"] is False
    tags = version["tags"]
    assert tags["team"] == "web"
    assert ended["approved"]["id"] in tags.values()
    assert image_id(cloud.subscription, "approved") in tags.values()
    assert ended["approved"]["approval"]["fingerprint"] in tags.values()


def test_the_definition_names_what_the_service_would_default(
    cloud: Client, ended: dict[str, Json]
) -> None:
    """Generation, OS state, architecture and SecurityType are sent, as defaults have changed before."""
    resource = f"{gallery_id(cloud.subscription)}/images/approved"
    properties = cloud.arm("GET", resource, api="2024-03-03")["properties"]
    assert properties["hyperVGeneration"] == "V2"
    assert properties["osState"] == "Generalized"
    assert properties["architecture"] == "x64"
    assert {"name": "SecurityType", "value": "Standard"} in properties["features"]


def test_a_version_that_shall_stay_hidden_is_never_promoted(
    cloud: Client, ended: dict[str, Json]
) -> None:
    """excludeFromLatest is kept, and the deletion does not depend on it."""
    version = cloud.version("hidden")
    assert version is not None
    assert version["properties"]["publishingProfile"]["excludeFromLatest"] is True
    assert "promotion" not in {entry["stage"] for entry in ended["hidden"]["timeline"]}
    assert ended["hidden"]["result"]["image"] == "deleted"


def test_without_a_deletion_nobody_is_asked_and_the_image_is_kept(
    cloud: Client, ended: dict[str, Json]
) -> None:
    """Deletion off: promoted when replicated, Completed, `image: kept`."""
    status = ended["asked-to-keep"]
    assert (status["outcome"], status["result"]["image"]) == ("completed", "kept")
    assert status["approval"]["state"] == "notNeeded"
    kinds = [n["body"]["type"] for n in cloud.notifications(status["id"])]
    assert kinds == ["migration.finished"]
    version = cloud.version("asked-to-keep")
    assert version is not None
    assert version["properties"]["publishingProfile"]["excludeFromLatest"] is False
    assert cloud.image_there("asked-to-keep")


def test_a_rejection_keeps_the_image_and_says_who_and_why(
    cloud: Client, ended: dict[str, Json]
) -> None:
    """Kept, with the approver and the reason given."""
    status = ended["rejected"]
    assert status["outcome"] == "kept"
    assert "ada" in status["reason"]
    assert "still in use" in status["reason"]
    assert status["approval"]["state"] == "rejected"
    assert cloud.image_there("rejected")


@pytest.mark.parametrize("name", ["expired", "brief"])
def test_an_approval_that_nobody_gives_expires(
    cloud: Client, unanswered: dict[str, Json], name: str
) -> None:
    """After three days, or what was asked for, the image is kept; not earlier (see the fixture)."""
    status = unanswered[name]
    assert (status["outcome"], status["approval"]["state"]) == ("kept", "expired")
    assert status["result"]["finishedAt"] >= status["approval"]["deadline"]
    assert cloud.image_there(name)


def test_a_region_that_fails_fails_the_migration_with_azures_text(
    cloud: Client, ended: dict[str, Json]
) -> None:
    """Failed, ARM's own code and text, and the region that failed is to be seen."""
    status = ended["onebad"]
    assert status["outcome"] == "failed"
    assert "InternalOperationError" in status["reason"]
    assert REGION_TEXT in status["reason"]
    states = {region["name"]: region["state"] for region in status["regions"]}
    assert states["westeurope"] == "Failed"
    assert cloud.image_there("onebad")


def test_a_version_that_azure_refuses_fails_the_migration_with_azures_text(
    cloud: Client, ended: dict[str, Json]
) -> None:
    """A final refusal of the PUT: its code and its text are the reason."""
    status = ended["refused"]
    assert status["outcome"] == "failed"
    assert CONFLICT["code"] in status["reason"]
    assert CONFLICT["message"] in status["reason"]
    assert cloud.version("refused") is None
    assert cloud.image_there("refused")


def test_image_and_version_are_read_again_just_before_the_deletion(
    cloud: Client, ended: dict[str, Json]
) -> None:
    """The last reads of the two before the DELETE are those of the gate, whatever was read before."""
    either = r"/images/hidden(/versions/[\d.]+)?\?"
    log = [line for line in cloud.arm_log() if re.search(either, line["path"])]
    at = next(i for i, line in enumerate(log) if line["method"] == "DELETE")
    just_before = {line["path"].split("?")[0].split("/")[-2] for line in log[at - 2 : at]}
    assert just_before == {"images", "versions"}
