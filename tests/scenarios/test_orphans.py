"""A 202 means exactly one outcome: whoever died when, and whatever became of the orchestration."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from migration.names import image_key, migration_id
from migration.recorded import Accepted
from migration.requests import parse_request_json
from records.migrations import MigrationRecords
from records.sqlite import SqliteRecords
from tests.scenarios.bodies import Json
from tests.scenarios.client import Client
from tests.scenarios.conftest import a_cloud, add_gallery


@pytest.fixture(scope="module")
def own_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A local cloud whose records may be written while it is down."""
    with a_cloud(tmp_path_factory.mktemp("orphans")) as client:
        add_gallery(client)
        yield client


def test_a_request_accepted_by_a_starter_that_died_is_started_by_the_sweep(
    own_cloud: Client,
) -> None:
    """The claim is in the records, no orchestration is: the sweep starts it, and it completes."""
    own_cloud.add_image("orphan")
    now = own_cloud.advance("PT1S")
    request = own_cloud.request("orphan", delete=False)
    own_cloud.process.stop()
    migration = _accept(own_cloud.process.state / "records.sqlite", request, now)
    own_cloud.connect()
    assert own_cloud.status(migration)["stage"] == "planning"
    assert own_cloud.call("POST", "/api/migrations", request).status == 200
    own_cloud.advance("PT2H")
    (status,) = own_cloud.finish(migration)
    assert (status["outcome"], status["attempt"]) == ("completed", 1)


def _accept(records: Path, body: Json, now: datetime) -> str:
    """What a starter does before it starts the orchestration, and nothing after."""
    request = parse_request_json(body)
    key = image_key(request.source_image_id)
    accepted = Accepted(
        id=migration_id(key, 1),
        image_key=key,
        attempt=1,
        source_image_id=request.source_image_id,
        request=request.to_wire(),
        digest=request.digest(),
        accepted_at=now,
    )
    assert MigrationRecords(SqliteRecords(records)).accept(accepted)
    return accepted.id


@pytest.mark.parametrize("end", ["terminated", "vanished"])
def test_an_orchestration_that_somebody_ends_is_closed_as_failed(cloud: Client, end: str) -> None:
    """Terminated, or terminated and purged, through the durable API: Failed, with the reason; once."""
    migration = cloud.begin(end)
    cloud.advance_to_stage("approval", migration)
    path = f"/instances/{migration}"
    assert cloud.durable("POST", f"{path}/terminate").status_code == 202
    cloud.advance("PT1M")
    if end == "vanished":
        assert cloud.durable("DELETE", path).status_code == 200
    cloud.advance("PT2H")
    status = cloud.status(migration)
    assert (status["stage"], status["outcome"]) == ("finished", "failed")
    assert end in status["reason"].lower()
    assert cloud.image_there(end)
    assert cloud.decide(migration).status == 409
    cloud.advance("PT2H")
    assert cloud.status(migration) == status


def test_an_image_whose_orchestration_was_ended_can_be_started_again(cloud: Client) -> None:
    """The next attempt is a new one, with an id and a history of its own."""
    first = cloud.begin("second-life", delete=False)
    cloud.advance_to_stage("replication", first)
    cloud.durable("POST", f"/instances/{first}/terminate")
    cloud.advance("PT2H")
    assert cloud.status(first)["outcome"] == "failed"
    second = cloud.start(cloud.request("second-life", delete=False))
    assert second != first
    (status,) = cloud.finish(second)
    assert (status["attempt"], status["outcome"]) == (2, "completed")


def test_statuses_outlive_the_histories(cloud: Client) -> None:
    """When the durable history is purged, the records still tell how it ended."""
    migration = cloud.begin("remembered", delete=False)
    (before,) = cloud.finish(migration)
    assert cloud.durable("DELETE", f"/instances/{migration}").status_code == 200
    assert cloud.durable("GET", f"/instances/{migration}").status_code == 404
    assert cloud.status(migration) == before
