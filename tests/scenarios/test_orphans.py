"""A 202 means exactly one outcome, whatever became of the orchestration or its history."""

import pytest

from tests.scenarios.client import Client


def test_an_orchestration_that_somebody_terminates_is_not_started_again(cloud: Client) -> None:
    """Through the durable API: the end that the record implies, with the reason; once."""
    migration = cloud.begin("terminated")
    cloud.advance_to_stage("approval", migration)
    assert cloud.durable("POST", f"/instances/{migration}/terminate").status_code == 202
    (status,) = cloud.finish(migration)
    assert (status["stage"], status["outcome"]) == ("finished", "kept")
    assert "the orchestration was terminated" in status["reason"]
    assert cloud.image_there("terminated")
    assert cloud.decide(migration).status == 409
    after = cloud.status(migration)
    assert after | {"approval": status["approval"]} == status
    cloud.advance("PT2H")
    assert cloud.status(migration) == after


def _is(cloud: Client, migration: str, status: str) -> bool:
    """Return True if the durable extension gives its orchestration this status."""
    instance = cloud.durable("GET", f"/instances/{migration}").json()
    return bool(instance["runtimeStatus"] == status)


def _vanish(cloud: Client, migration: str) -> None:
    """Its history is gone: another hub, storage that was lost, a purge by hand."""
    path = f"/instances/{migration}"
    assert cloud.durable("POST", f"{path}/terminate").status_code == 202
    cloud.advance("PT1M")
    assert cloud.durable("DELETE", path).status_code == 200


@pytest.mark.parametrize("stage", ["replication", "approval", "promotion"])
def test_an_orchestration_that_vanished_goes_on_from_its_record(cloud: Client, stage: str) -> None:
    """Under its id, to the outcome that it would have had; the deadline does not move, and nothing is made twice."""
    name = f"vanished-{stage}"
    migration = cloud.begin(name)
    cloud.advance_to_stage("replication" if stage == "replication" else "approval", migration)
    if stage == "promotion":
        assert cloud.decide(migration).status == 200
    before = cloud.status(migration)
    _vanish(cloud, migration)
    # The sweep comes by the hour.
    cloud.advance("PT1H")
    if stage != "promotion":
        cloud.advance_to_stage("approval", migration)
        assert cloud.decide(migration).status == 200
    (status,) = cloud.finish(migration)
    assert (status["outcome"], status["result"]["image"]) == ("completed", "deleted")
    assert [e["text"] for e in status["timeline"] if e["text"].startswith("started again")]
    if stage == "approval":
        assert status["approval"]["deadline"] == before["approval"]["deadline"]
    puts = [line for line in cloud.arm_log("PUT") if f"/images/{name}/versions/" in line["path"]]
    assert [put["status"] for put in puts].count(201) == 1


def test_an_orchestration_that_somebody_suspends_is_left_and_told_of(cloud: Client) -> None:
    """It stands still until somebody resumes it; then it goes on."""
    migration = cloud.begin("suspended")
    cloud.advance_to_stage("approval", migration)
    cloud.durable("POST", f"/instances/{migration}/suspend")
    cloud.advance_until(lambda: "suspended" in str(cloud.status(migration)["warnings"]))
    cloud.durable("POST", f"/instances/{migration}/resume")
    cloud.advance_until(lambda: _is(cloud, migration, "Running"))
    assert cloud.decide(migration).status == 200
    (status,) = cloud.finish(migration)
    assert status["outcome"] == "completed"


def test_an_image_whose_orchestration_was_ended_can_be_started_again(cloud: Client) -> None:
    """The next attempt is a new one, with an id and a history of its own."""
    first = cloud.begin("second-life", delete=False)
    cloud.advance_to_stage("replication", first)
    cloud.durable("POST", f"/instances/{first}/terminate")
    assert cloud.finish(first)[0]["outcome"] == "failed"
    second = cloud.start(cloud.request("second-life", delete=False))
    assert second != first
    (status,) = cloud.finish(second)
    assert (status["attempt"], status["outcome"]) == (2, "completed")


def test_statuses_outlive_the_histories(cloud: Client) -> None:
    """The records still tell how a migration ended after its durable history was purged."""
    migration = cloud.begin("remembered", delete=False)
    (before,) = cloud.finish(migration)
    cloud.advance_until(lambda: _is(cloud, migration, "Completed"))
    assert cloud.durable("DELETE", f"/instances/{migration}").status_code == 200
    assert cloud.durable("GET", f"/instances/{migration}").status_code == 404
    assert cloud.status(migration) == before
