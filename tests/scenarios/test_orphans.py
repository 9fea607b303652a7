"""A 202 means exactly one outcome, whatever became of the orchestration or its history."""

import pytest

from tests.scenarios.client import Client


@pytest.mark.parametrize("end", ["terminated", "vanished"])
def test_an_orchestration_that_somebody_ends_is_closed_as_failed(cloud: Client, end: str) -> None:
    """Terminated, or terminated and purged, through the durable API: Failed, with the reason; once."""
    migration = cloud.begin(end)
    cloud.advance_to_stage("approval", migration)
    path = f"/instances/{migration}"
    assert cloud.durable("POST", f"{path}/terminate").status_code == 202
    cloud.advance_until(lambda: _ended(cloud, migration, "Terminated"))
    if end == "vanished":
        assert cloud.durable("DELETE", path).status_code == 200
    (status,) = cloud.finish(migration)
    assert (status["stage"], status["outcome"]) == ("finished", "failed")
    assert end in status["reason"].lower()
    assert cloud.image_there(end)
    assert cloud.decide(migration).status == 409
    cloud.advance("PT2H")
    assert cloud.status(migration) == status


def _ended(cloud: Client, migration: str, as_what: str) -> bool:
    """Whether the durable extension has ended it, which it does in its own time."""
    state = cloud.durable("GET", f"/instances/{migration}").json()["runtimeStatus"]
    return bool(state == as_what)


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
    """When the durable history is purged, the records still tell how it ended."""
    migration = cloud.begin("remembered", delete=False)
    (before,) = cloud.finish(migration)
    cloud.advance_until(lambda: _ended(cloud, migration, "Completed"))
    assert cloud.durable("DELETE", f"/instances/{migration}").status_code == 200
    assert cloud.durable("GET", f"/instances/{migration}").status_code == 404
    assert cloud.status(migration) == before
