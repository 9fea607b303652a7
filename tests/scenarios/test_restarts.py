"""The whole cloud killed or stopped, in the middle of every stage, and started again on the same state."""

import signal
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from domain.ids import image_key, migration_id
from domain.migration.recorded import AcceptedRequest
from domain.migration.requests import parse_request_json
from localcloud.testing.waiting import until
from records.backends.sqlite import SqliteRecords
from records.migrations import MigrationRecords
from tests.scenarios import promises
from tests.scenarios.bodies import Json
from tests.scenarios.client import Client
from tests.scenarios.conftest import a_cloud, add_gallery
from tests.scenarios.definitions import make_definition

# Where ARM holds a call, before or after it takes effect, when the process ends: the stage's own call.
HELD = {
    # The workflow's own reading comes behind that of the start.
    "planning": (
        "GET",
        "Compute/images/planning\\?",
        1,
    ),
    "definition": ("PUT", "/galleries/scenarios/images/definition\\?", 1),
    "version": ("PUT", "/images/version/versions/", 1),
    "promotion": ("PUT", "/images/promotion/versions/", 1),
    "deletion": ("DELETE", "Compute/images/deletion\\?", 1),
}
# Accepted without a plan, so that the workflow makes it.
NO_PLAN_AT_THE_START: Json = {
    "what": "status",
    "status": 503,
    "method": "GET",
    "path": HELD["planning"][1],
    "nth": 1,
}
AT_REST = ("replication", "approval")
ENDS = [
    pytest.param((signal.SIGKILL, "after"), id="killed before Azure's answer came"),
    pytest.param((signal.SIGTERM, "before"), id="stopped before Azure took the call"),
]


@pytest.fixture(scope="module")
def own_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A local cloud that may be killed."""
    with a_cloud(tmp_path_factory.mktemp("killed")) as client:
        yield client


@pytest.mark.parametrize("end", ENDS)
def test_a_restart_in_any_stage_loses_and_repeats_nothing(
    own_cloud: Client, end: tuple[signal.Signals, str]
) -> None:
    """One migration in each stage when the process ends: afterwards all complete, each image deleted once."""
    number, when = end
    migrations = _one_in_each_stage(own_cloud, when)
    before, clock = _resources(own_cloud), own_cloud.control("GET", "/clock")
    own_cloud.process.stop(number)
    own_cloud.connect()
    assert _resources(own_cloud).items() >= before.items()
    assert own_cloud.control("GET", "/clock") == clock
    _approve_as_they_ask(own_cloud, migrations)
    ends = own_cloud.finish(*migrations.values())
    assert {end["reason"] for end in ends if end["outcome"] != "completed"} == set()
    assert {end["result"]["image"] for end in ends} == {"deleted"}
    for name in migrations:
        version = own_cloud.version(name)
        assert version is not None
        assert version["properties"]["publishingProfile"]["excludeFromLatest"] is (
            name == "deletion"
        )
    promises.check(own_cloud)


def _empty(cloud: Client) -> None:
    cloud.control("POST", "/reset")
    cloud.receiver.received.clear()
    add_gallery(cloud)


def _one_in_each_stage(cloud: Client, when: str) -> dict[str, str]:
    _empty(cloud)
    started = {name: cloud.begin(name) for name in ("approval", "promotion")}
    started["deletion"] = cloud.begin("deletion", excludeFromLatest=True)
    cloud.advance_to_stage("approval", *started.values())
    started["replication"] = cloud.begin("replication")
    cloud.advance("PT4M")
    make_definition(cloud, "version")
    cloud.faults(NO_PLAN_AT_THE_START, *(_hold(stage, when) for stage in HELD))
    for name in ("promotion", "deletion"):
        cloud.decide(started[name])
    started |= {name: cloud.begin(name) for name in ("planning", "definition", "version")}
    until(
        lambda: len(cloud.held()) == len(HELD),
        story=lambda: [line["path"] for line in cloud.held()],
    )
    stages = {name: cloud.status(migration)["stage"] for name, migration in started.items()}
    assert stages == {name: name for name in (*HELD, *AT_REST)}
    return started


def _hold(stage: str, when: str) -> Json:
    method, path, nth = HELD[stage]
    return {"what": "hold", "method": method, "path": path, "when": when, "nth": nth}


def _approve_as_they_ask(cloud: Client, migrations: dict[str, str]) -> None:
    waiting = [migrations[n] for n in ("planning", "definition", "version", *AT_REST)]
    cloud.advance_to_stage("approval", *waiting)
    for migration in waiting:
        assert cloud.decide(migration).status == 200


def _resources(cloud: Client) -> dict[str, str]:
    """Every resource of Azure's and when it was made."""
    resources = cloud.control("GET", "/state")["resources"]
    return {resource["id"].lower(): resource["createdTime"] for resource in resources}


def test_a_request_accepted_by_a_starter_that_died_is_started_by_the_sweep(
    own_cloud: Client,
) -> None:
    """The claim is in the records, no orchestration is: the sweep starts it, and it completes."""
    _empty(own_cloud)
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
    """Do what a starter does before it starts the orchestration, and nothing after; return the migration id."""
    request = parse_request_json(body)
    key = image_key(request.source_image_id.text)
    accepted = AcceptedRequest(
        id=migration_id(key, 1),
        image_key=key,
        attempt=1,
        source_image_id=request.source_image_id.text,
        request=request.model_dump(mode="json"),
        digest=request.digest(),
        accepted_at=now,
    )
    assert MigrationRecords(SqliteRecords(records)).accept(accepted)
    return accepted.id
