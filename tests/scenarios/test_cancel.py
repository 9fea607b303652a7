"""Cancelling at every stage, side by side: the image is kept, what is half made is reported, too late is 409."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from localcloud.testing.waiting import until
from tests.scenarios import bodies
from tests.scenarios.answers import Answer
from tests.scenarios.bodies import Json
from tests.scenarios.client import Client

# The stage in which a migration is parked, and what ARM does to its calls to keep it there.
DOWN = {"what": "status", "status": 503}
STAGES = ("planning", "definition", "version", "replication", "approval", "promotion", "deletion")
CANCELLABLE = STAGES[:-1]


@pytest.fixture(scope="module")
def parked(cloud: Client) -> dict[str, str]:
    """One migration in each stage, named after it; time stands still."""
    cloud.faults(
        DOWN | {"method": "GET", "path": "Compute/images/planning"},
        DOWN | {"method": "PUT", "path": "/galleries/scenarios/images/definition\\?"},
        DOWN | {"method": "PUT", "path": "/images/version/versions/"},
    )
    first = {name: cloud.begin(name) for name in ("approval", "promotion")}
    # Nothing has to be promoted.
    first["deletion"] = cloud.begin("deletion", excludeFromLatest=True)
    cloud.advance_to_stage("approval", *first.values())
    late = {name: cloud.begin(name) for name in STAGES[:4]}
    cloud.advance("PT4M")
    for name, migration in late.items():
        cloud.wait_for_stage(name, migration)
    assert cloud.decide(first["promotion"]).status == 200
    cloud.wait_for_stage("promotion", first["promotion"])
    cloud.faults(DOWN | {"method": "DELETE", "path": "Compute/images/deletion\\b"})
    assert cloud.decide(first["deletion"]).status == 200
    until(lambda: any("images/deletion?" in line["path"] for line in cloud.arm_log("DELETE")))
    return first | late


@pytest.fixture(scope="module")
def cancelled(cloud: Client, parked: dict[str, str]) -> dict[str, tuple[Answer, Json]]:
    """The answers to cancelling each of them in its stage, and the statuses at the end."""
    stages = {name: cloud.status(migration)["stage"] for name, migration in parked.items()}
    assert stages == {stage: stage for stage in STAGES}
    answers = {name: cloud.cancel(migration) for name, migration in parked.items()}
    again = {name: cloud.cancel(parked[name]).status for name in CANCELLABLE}
    assert set(again.values()) <= {200, 202}
    cloud.no_faults()
    ends = cloud.finish(*parked.values())
    return {name: (answers[name], end) for name, end in zip(parked, ends, strict=True)}


@pytest.mark.parametrize("stage", CANCELLABLE)
def test_a_cancelled_migration_ends_as_cancelled_and_keeps_its_image(
    cloud: Client, cancelled: dict[str, tuple[Answer, Json]], stage: str
) -> None:
    """202 while it runs, then the outcome Cancelled; the image stays."""
    answer, status = cancelled[stage]
    assert answer.status == 202
    assert answer.headers["Location"] == f"/api/migrations/{status['id']}"
    assert (status["stage"], status["outcome"]) == ("finished", "cancelled")
    assert status["result"]["image"] == "kept"
    assert cloud.image_there(stage)


@pytest.mark.parametrize("stage", ["planning", "definition", "version"])
def test_nothing_is_made_after_a_cancellation(
    cloud: Client, cancelled: dict[str, tuple[Answer, Json]], stage: str
) -> None:
    """A resource that was not yet made at the cancellation is not made later, though Azure is well again."""
    assert cloud.version(stage) is None
    definition = f"{bodies.gallery_id(cloud.subscription)}/images/{stage}"
    there = cloud.arm("GET", definition, api="2024-03-03")
    assert (there is not None) == (stage == "version")


@pytest.mark.parametrize("stage", ["replication", "approval", "promotion"])
def test_the_half_made_version_is_reported(
    cloud: Client, cancelled: dict[str, tuple[Answer, Json]], stage: str
) -> None:
    """The version stays in the gallery, the result names it, and the reason says so if it may be unfinished."""
    _, status = cancelled[stage]
    assert ("half-made" in status["reason"]) is (stage == "replication")
    assert status["result"]["versionId"].endswith(f"/images/{stage}/versions/1.0.0")
    assert cloud.version(stage) is not None


@pytest.mark.parametrize("stage", ["planning", "definition"])
def test_a_version_that_was_never_begun_is_not_named(
    cancelled: dict[str, tuple[Answer, Json]], stage: str
) -> None:
    """Nobody looks for what is not there."""
    _, status = cancelled[stage]
    assert (status["result"]["versionId"], status["result"]["tryCommand"]) == (None, None)


def test_a_pending_approval_is_over_with_the_cancellation(
    cloud: Client, cancelled: dict[str, tuple[Answer, Json]]
) -> None:
    """The approval says cancelled, and a decision that comes now is refused."""
    _, status = cancelled["approval"]
    assert status["approval"]["state"] == "cancelled"
    assert cloud.decide(status["id"]).status == 409


def test_once_the_deletion_has_begun_it_is_too_late(
    cloud: Client, cancelled: dict[str, tuple[Answer, Json]]
) -> None:
    """409 from the start of gate-and-delete; the migration goes on to its end."""
    answer, status = cancelled["deletion"]
    assert answer.status == 409
    assert (status["outcome"], status["result"]["image"]) == ("completed", "deleted")


def test_what_has_ended_cannot_be_cancelled(
    cloud: Client, cancelled: dict[str, tuple[Answer, Json]]
) -> None:
    """409 after another outcome; the outcome stays."""
    _, status = cancelled["deletion"]
    assert cloud.cancel(status["id"]).status == 409
    assert cloud.status(status["id"])["outcome"] == "completed"


def test_a_cancelled_image_can_be_started_again(
    cloud: Client, cancelled: dict[str, tuple[Answer, Json]]
) -> None:
    """The next attempt has the next number, and takes up the version that is there."""
    answer = cloud.call("POST", "/api/migrations", cloud.request("approval"))
    assert (answer.status, answer.body.get("attempt")) == (202, 2), answer.body
    (status,) = cloud.advance_to_stage("approval", answer.body["id"])
    assert "takes up" in str(status["timeline"])
    assert cloud.decide(status["id"], "reject").status == 200


def test_of_a_cancellation_and_an_approval_at_once_one_holds(cloud: Client) -> None:
    """An accepted cancellation is the outcome and the image stays; or it comes too late and is told so."""
    names = [f"contested-{n}" for n in range(3)]
    migrations = [cloud.begin(name, excludeFromLatest=True) for name in names]
    cloud.advance_to_stage("approval", *migrations)
    with ThreadPoolExecutor(2 * len(names)) as pool:
        approvals = [pool.submit(cloud.decide, migration) for migration in migrations]
        cancellations = list(pool.map(cloud.cancel, migrations))
        answers = [approval.result() for approval in approvals]
    ends = cloud.finish(*migrations)
    for name, cancellation, approval, end in zip(names, cancellations, answers, ends, strict=True):
        cancelled = end["outcome"] == "cancelled"
        assert (cancellation.status, cloud.image_there(name)) == (
            202 if cancelled else 409,
            cancelled,
        )
        assert approval.status == 200 if not cancelled else approval.status in {200, 409}


def test_an_unknown_migration_cannot_be_cancelled(cloud: Client) -> None:
    """404."""
    assert cloud.cancel("0" * 32 + "-1").status == 404
