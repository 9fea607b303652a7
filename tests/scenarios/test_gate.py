"""The gate tried by a person, and the emergency stop: nothing goes while it stands, and everything is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.answers import Answer
from tests.scenarios.bodies import Json
from tests.scenarios.client import Client
from tests.scenarios.conftest import a_cloud, add_gallery


def gate(cloud: Client, migration: str) -> Json:
    answer = cloud.call("GET", f"/api/migrations/{migration}/gate")
    assert answer.status == 200, answer
    body: Json = answer.body
    return body


def failing(found: Json) -> dict[str, Json]:
    return {check["name"]: check for check in found["checks"] if not check["passed"]}


def stop(cloud: Client, reason: str, *, stopped: bool, who: str = "alan") -> Answer:
    body = {"stopped": stopped, "reason": reason}
    headers = cloud.token(who, "Migration.Admin")
    return cloud.call("POST", "/api/emergency-stop", body, headers=headers)


def test_the_gate_can_be_tried_before_and_after_the_approval(cloud: Client) -> None:
    """Each check with what was found and what to do; it deletes nothing, and the status has nothing of it."""
    migration = cloud.begin("tried")
    cloud.advance_to_stage("approval", migration)
    before = gate(cloud, migration)
    assert (before["open"], before["wouldDelete"], before["stage"]) == (False, False, "approval")
    shut = failing(before)
    assert {"deletion approved", "approval still valid", "quiet time over"} == shut.keys()
    assert all(check["next"] and check["found"] for check in shut.values())
    held = [check for check in before["checks"] if check["passed"]]
    assert all(check["next"] == "" and check["found"] for check in held)
    assert cloud.status(migration)["result"] is None
    assert cloud.image_there("tried")
    assert cloud.decide(migration).status == 200
    [status] = cloud.finish(migration)
    assert status["outcome"] == "completed"
    after = gate(cloud, migration)
    assert (after["open"], after["stage"]) == (False, "finished")
    assert {check["found"] for check in failing(after).values()} == {
        "not looked at: the image is not there"
    }
    assert cloud.call("GET", "/api/migrations/nobody-1/gate").status == 404


def test_a_gate_is_tried_while_the_version_replicates(cloud: Client) -> None:
    """At any stage: what is not there yet is said."""
    migration = cloud.begin("early")
    [status] = cloud.advance_to_stage("replication", migration)
    assert status["outcome"] is None
    names = failing(gate(cloud, migration)).keys()
    assert {"version succeeded", "replicated to every region", "deletion approved"} <= names
    cloud.cancel(migration)
    cloud.finish(migration)


def test_an_emergency_stop_keeps_every_image_until_it_is_lifted(cloud: Client) -> None:
    """It needs no deployment, an administrator and a reason; health, the gate and the outcome name it."""
    migration = cloud.begin("stopped")
    cloud.advance_to_stage("approval", migration)
    assert cloud.call("POST", "/api/emergency-stop", {"stopped": True, "reason": "r"}).status == 403
    assert stop(cloud, "", stopped=True).status == 400
    assert stop(cloud, "wrong images", stopped=True).status == 200
    try:
        told = cloud.call("GET", "/api/health").body["deletion"]
        assert (told["stopped"], told["changes"][-1]["reason"]) == (True, "wrong images")
        assert "wrong images" in failing(gate(cloud, migration))["no emergency stop"]["found"]
        assert cloud.decide(migration).status == 200
        [status] = cloud.finish(migration)
        assert status["outcome"] == "kept"
        assert "no emergency stop: no (stopped by" in status["reason"]
        assert "wrong images" in status["reason"]
        assert cloud.image_there("stopped")
    finally:
        lifted = stop(cloud, "all is well", stopped=False)
    assert lifted.body["stopped"] is False
    assert [change["stopped"] for change in lifted.body["changes"]][-2:] == [True, False]
    again = cloud.start(cloud.request("stopped"))
    cloud.advance_to_stage("approval", again)
    assert cloud.decide(again).status == 200
    [status] = cloud.finish(again)
    assert (status["outcome"], status["result"]["image"]) == ("completed", "deleted")


@pytest.fixture
def observing(tmp_path: Path) -> Iterator[Client]:
    """A deployment that only observes."""
    with a_cloud(tmp_path, more={"DELETION_OBSERVED": "true"}) as client:
        add_gallery(client)
        yield client


def test_a_deployment_that_observes_deletes_nothing(observing: Client) -> None:
    """All runs as it would, the checks are kept, and the reason says what would have been."""
    migration = observing.begin("watched")
    observing.advance_to_stage("approval", migration)
    assert observing.decide(migration).status == 200
    [status] = observing.finish(migration)
    assert (status["outcome"], status["result"]["image"]) == ("kept", "kept")
    assert status["reason"].startswith("observing: the image would have been deleted now")
    assert all(check["passed"] for check in status["result"]["checks"])
    assert observing.image_there("watched")
    assert observing.arm_log("DELETE") == []
    found = gate(observing, migration)
    assert (found["observed"], found["wouldDelete"]) == (True, False)
