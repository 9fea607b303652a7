"""Threats 1 and 14: whoever may start orchestrations, and records that were put back from a copy."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from localcloud.testing.waiting import until
from tests.scenarios.bodies import Json
from tests.scenarios.client import Client
from tests.scenarios.conftest import a_cloud, add_gallery
from tests.threats.attackers import image_id, start, state_of, waiting


def told(cloud: Client, *migrations: str) -> dict[str, Any]:
    """All that anybody could see of these migrations: status, notices, and every write that Azure got."""
    writes = [(line["method"], line["path"]) for line in cloud.arm_log("PUT", "PATCH", "DELETE")]
    return {
        "statuses": [cloud.status(migration) for migration in migrations],
        "notices": [len(cloud.notifications(migration)) for migration in migrations],
        "received": len(cloud.receiver.received),
        "writes": writes,
    }


# ---- 1: the durable API's system key -----------------------------------------------------------------


def foreign_input(cloud: Client, migration: str, image: str) -> list[Json | str]:
    """The input of an orchestration of an earlier version, with the victim's image in it; and less."""
    request = cloud.request(image)
    accepted = {"id": migration, "sourceImageId": image_id(cloud, image), "request": request}
    return [accepted, {"accepted": accepted, "migrationId": migration}, migration]


def test_01_an_orchestration_of_ones_own_does_nothing(cloud: Client) -> None:
    """Under an id of their own, with A's migration and B's image in its input: no word about A, no request about B."""
    asked = waiting(cloud, "asked")
    cloud.add_image("victim")
    before = told(cloud, asked)
    for number, given in enumerate(foreign_input(cloud, asked, "victim")):
        for instance in (
            f"mine-{number}",
            f"{number}" * 32 + "-1",
            "f" * 32 + f"-{number + 1}-0000000{number}",
        ):
            start(cloud, "migrate_image", instance, given)
            assert state_of(cloud, instance)["output"] == {"over": True}
    assert told(cloud, asked) == before
    assert cloud.decide(asked).status == 200
    cloud.finish(asked)
    assert cloud.image_there("victim")


def test_01_a_migration_with_an_outcome_is_ended_for_ever(cloud: Client) -> None:
    """Whatever is started under its id sends nothing and tells nobody, although its image was approved to go."""
    rejected = waiting(cloud, "rejected-once")
    cloud.decide(rejected, "reject")
    cloud.finish(rejected)
    cloud.advance("PT1H")
    before = told(cloud, rejected)
    for given in (None, *foreign_input(cloud, rejected, "rejected-once")):
        start(cloud, "migrate_image", rejected, given)
        cloud.advance("PT1H")
    assert told(cloud, rejected) == before
    assert cloud.image_there("rejected-once")


def test_01_the_input_of_a_migration_that_runs_counts_for_nothing(cloud: Client) -> None:
    """Its orchestration is purged and started anew with another image in its input: it goes on from the record."""
    migration = waiting(cloud, "restarted")
    cloud.add_image("other-victim")
    path = f"/instances/{migration}"
    cloud.durable("POST", f"{path}/terminate")
    until(lambda: state_of(cloud, migration)["runtimeStatus"] == "Terminated")
    assert cloud.durable("DELETE", path).status_code == 200
    start(cloud, "migrate_image", migration, foreign_input(cloud, migration, "other-victim")[0])
    assert cloud.status(migration)["sourceImageId"] == image_id(cloud, "restarted")
    assert cloud.decide(migration).status == 200
    cloud.finish(migration)
    assert cloud.image_there("other-victim")


def test_01_a_watch_of_ones_own_changes_nothing(cloud: Client) -> None:
    """With a foreign migration, any regions, any pace: it reads, and that is all."""
    migration = cloud.begin("watched", delete=False)
    cloud.advance_to_stage("replication", migration)
    before = told(cloud, migration)
    watch = {
        "migrationId": migration,
        "run": 1,
        "wanted": [],
        "policy": {"interval": "PT1H", "timeout": "PT0S"},
        "retryLimit": "PT0S",
        "began": "2020-01-01T00:00:00Z",
        "operationUrl": "https://elsewhere.example/steal",
    }
    for instance in ("my-watch", f"{migration}-promotion"):
        start(cloud, "watch_replication", instance, watch)
    after = told(cloud, migration)
    assert after["writes"] == before["writes"]
    assert after["statuses"][0]["stage"] == "replication"
    (status,) = cloud.finish(migration)
    assert status["outcome"] == "completed"


# ---- 18: a web page --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["terminate", "suspend", "raiseEvent/approval-1"])
def test_18_a_web_page_changes_no_instance(cloud: Client, path: str) -> None:
    """It posts to the path that the SDK's own client uses, on the app's port, as a page can: a form, no key."""
    migration = waiting(cloud, f"page-{path.partition('/')[0].lower()}")
    before = state_of(cloud, migration)
    answer = requests.post(
        f"{cloud.connection['app']['url']}/durabletask/instances/{migration}/{path}",
        data="reason=none",
        headers={"Origin": "https://page.example", "Content-Type": "text/plain"},
        timeout=30,
    )
    assert answer.status_code == 403
    cloud.advance("PT1M")
    assert state_of(cloud, migration) == before
    cloud.cancel(migration)
    cloud.finish(migration)


# ---- 14: records put back from a copy ----------------------------------------------------------------


@pytest.fixture
def own_cloud(tmp_path: Path) -> Iterator[Client]:
    """A local cloud for one test, whose records are put back."""
    with a_cloud(tmp_path) as client:
        add_gallery(client)
        yield client


def copied(cloud: Client, to: Path) -> None:
    """The records as they are now, while the app is down."""
    to.mkdir()
    for path in cloud.process.state.glob("records.sqlite*"):
        shutil.copy(path, to / path.name)


def put_back(cloud: Client, copy: Path) -> None:
    for path in cloud.process.state.glob("records.sqlite*"):
        path.unlink()
    for path in copy.iterdir():
        shutil.copy(path, cloud.process.state / path.name)


def test_14_a_request_without_deletion_does_not_run_an_orchestration_with_it(
    own_cloud: Client, tmp_path: Path
) -> None:
    """The records forget the second attempt, which waits for its approval; the next request has its number."""
    own_cloud.finish(own_cloud.begin("forgotten", delete=False))
    own_cloud.process.stop()
    copied(own_cloud, tmp_path / "copy")
    own_cloud.connect()
    deleting = own_cloud.start(own_cloud.request("forgotten"))
    own_cloud.advance_to_stage("approval", deleting)
    asked = own_cloud.status(deleting)["approval"]
    own_cloud.process.stop()
    put_back(own_cloud, tmp_path / "copy")
    own_cloud.connect()
    keeping = own_cloud.start(own_cloud.request("forgotten", delete=False))
    assert own_cloud.status(keeping)["attempt"] == 2
    assert keeping != deleting
    body = {"migrationId": deleting, "decision": "approve", "approver": "ada"}
    body |= {name: asked[name] for name in ("fingerprint", "statementHash")}
    said = json.dumps(body).encode()
    assert own_cloud.send_decision(deleting, said).status == 404
    assert own_cloud.send_decision(keeping, said).status == 409
    (status,) = own_cloud.finish(keeping)
    assert (status["outcome"], status["result"]["image"]) == ("completed", "kept")
    own_cloud.advance("P4D")
    assert state_of(own_cloud, deleting)["output"] == {"over": True}
    assert own_cloud.image_there("forgotten")
