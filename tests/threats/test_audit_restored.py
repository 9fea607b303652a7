"""Records put back from an older copy: the gate is shut until an Admin begins an epoch, which voids older approvals.

Keys that are rotated; histories that are purged."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.bodies import Json
from tests.scenarios.client import Client
from tests.scenarios.conftest import a_cloud, add_gallery
from tests.scenarios.process import ROOT
from tests.threats.attackers import store_of, waiting
from tests.threats.test_orchestrations import copied, put_back

FIRST, SECOND = (
    "a=whsec_" + "QSBrZXkgZm9yIHRoZSBhdWRpdCBvZiB0aGUgdGVzdHM=",
    "b=whsec_" + "QW5vdGhlciBrZXkgZm9yIHRoZSBhdWRpdCBvZiB0ZXN0cw==",
)


@pytest.fixture
def own_cloud(tmp_path: Path) -> Iterator[Client]:
    """A local cloud for one test, whose records are put back."""
    with a_cloud(tmp_path, more={"AUDIT_KEYS": FIRST}) as client:
        add_gallery(client)
        yield client


def checked(cloud: Client) -> Json:
    """All of the check, its pages put together."""
    wrong: list[Json] = []
    cursor: object = ""
    while cursor is not None:
        path = f"/api/audit/check?limit=10{f'&cursor={cursor}' if cursor else ''}"
        answer = cloud.call("GET", path, headers=cloud.token("alan"))
        assert answer.status == 200, answer
        wrong += answer.body["wrong"]
        cursor = answer.body["cursor"]
    return {**answer.body, "wrong": wrong}


def epoch(cloud: Client, number: int, status: int = 200) -> Json:
    """An Admin begins an epoch."""
    body = {"epoch": number, "reason": "put back from yesterday's copy"}
    answer = cloud.call("POST", "/api/audit/epochs", body, headers=cloud.token("alan"))
    assert answer.status == status, answer
    return answer.body


def command(cloud: Client, keys: str) -> subprocess.CompletedProcess[str]:
    """The operator's own check, on the state of a cloud."""
    state = cloud.process.state
    environment = {
        **os.environ,
        "RECORDS_STORE": "sqlite",
        "RECORDS_SQLITE_PATH": str(state / "records.sqlite"),
        "AUDIT_ANCHORS_SQLITE_PATH": str(state / "anchors.sqlite"),
        "AUDIT_KEYS": keys,
    }
    line = [sys.executable, "-m", "tools.audit_check"]
    return subprocess.run(
        line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def restarted(cloud: Client, keys: str) -> None:
    """The app with other keys."""
    cloud.process.stop()
    cloud.process._environment["AUDIT_KEYS"] = keys  # type: ignore[attr-defined]  # of this process
    cloud.connect()


def test_23_records_put_back_keep_the_image_until_they_are_accepted(
    own_cloud: Client, tmp_path: Path
) -> None:
    """A rejection that was not taken (another migration's) is in no record any more; an approval deletes nothing."""
    forgetful, open_one = waiting(own_cloud, "forgetful"), waiting(own_cloud, "open-one")
    own_cloud.process.stop()
    copied(own_cloud, tmp_path / "copy")
    own_cloud.connect()
    for migration in (forgetful, open_one):
        assert own_cloud.decide(migration, "approve", fingerprint="another").status == 409
    own_cloud.process.stop()
    put_back(own_cloud, tmp_path / "copy")
    own_cloud.connect()
    assert own_cloud.decide(forgetful).status == 200
    (status,) = own_cloud.finish(forgetful)
    assert status["outcome"] == "kept"
    assert "audit of the migration verifies: no (" in status["reason"]
    assert "the records are older than the audit" in status["reason"]
    assert own_cloud.image_there("forgetful")
    assert {wrong["chain"] for wrong in checked(own_cloud)["wrong"]} >= {forgetful, open_one}
    assert command(own_cloud, FIRST).returncode == 1
    epoch(own_cloud, 3, 409)
    begun = epoch(own_cloud, 2)
    assert (begun["epoch"], begun["remaining"]) == (2, 0)
    assert open_one in begun["accepted"]
    assert epoch(own_cloud, 2)["accepted"] == []
    found = checked(own_cloud)
    assert (found["verifies"], found["epoch"]) == (True, 2)
    assert all(wrong["accepted"] for wrong in found["wrong"])
    told = command(own_cloud, FIRST)
    assert told.returncode == 0, told.stdout + told.stderr
    again = own_cloud.start(own_cloud.request("forgetful"))
    own_cloud.advance_to_stage("approval", again)
    assert own_cloud.decide(again).status == 200
    (status,) = own_cloud.finish(again)
    assert (status["outcome"], status["result"]["image"]) == ("completed", "deleted")


def test_23_an_epoch_voids_the_approvals_before_it(own_cloud: Client) -> None:
    """Nothing was put back; the Admin thinks so. The approval was taken, and the quiet time is not over."""
    own_cloud.process.stop()
    own_cloud.process._environment["QUIET_TIME"] = "PT6H"  # type: ignore[attr-defined]  # of this process
    own_cloud.connect()
    early, late = waiting(own_cloud, "early"), waiting(own_cloud, "late")
    assert own_cloud.decide(early).status == 200
    own_cloud.advance("PT1H")
    epoch(own_cloud, 2)
    own_cloud.advance("PT1M")
    assert own_cloud.decide(late).status == 200
    own_cloud.advance("PT6H")
    before, after = own_cloud.finish(early, late)
    assert before["outcome"] == "kept"
    assert "approved in this epoch: no (epoch 2 began at" in before["reason"]
    assert (after["outcome"], after["result"]["image"]) == ("completed", "deleted")
    assert checked(own_cloud)["wrong"] == []


def test_23_keys_are_rotated_under_a_running_migration(own_cloud: Client) -> None:
    """The new one seals, the old one verifies; without the old one the image is kept."""
    first, second = waiting(own_cloud, "first"), waiting(own_cloud, "second")
    restarted(own_cloud, f"{SECOND},{FIRST}")
    assert own_cloud.decide(first).status == 200
    (status,) = own_cloud.finish(first)
    assert (status["outcome"], status["result"]["image"]) == ("completed", "deleted")
    keys = [row.value["key"] for row in store_of(own_cloud).list(first, prefix="audit.")]
    assert set(keys) == {"a", "b"}
    assert checked(own_cloud)["wrong"] == []
    restarted(own_cloud, SECOND)
    assert own_cloud.decide(second).status == 200
    (status,) = own_cloud.finish(second)
    assert status["outcome"] == "kept"
    assert "its key 'a' is not in AUDIT_KEYS" in status["reason"]


def test_23_the_audit_outlives_purged_histories(own_cloud: Client) -> None:
    """Every fact of a deletion, in order, to whoever may read; also when its orchestration is long forgotten."""
    migration = waiting(own_cloud, "audited")
    assert own_cloud.decide(migration, approver="ada").status == 200
    own_cloud.finish(migration)
    own_cloud.advance("P40D")
    answer = own_cloud.durable("GET", f"/instances/{migration}")
    assert answer.status_code == 404
    told = own_cloud.call("GET", f"/api/migrations/{migration}/audit")
    assert told.status == 200
    events = told.body["events"]
    assert told.body["verifies"]
    assert [event["number"] for event in events] == list(range(1, len(events) + 1))
    assert all(event["verifies"] for event in events)
    assert told.body["head"] == told.body["anchor"]["head"] == events[-1]["mac"]
    kinds = [event["kind"] for event in events]
    order = ["accepted", "planned", "versionBegun", "replicated", "asked", "decision", "verdict"]
    order += ["gate", "intended", "answered", "confirmed", "outcome"]
    places = [kinds.index(kind) for kind in order[:-3]]
    assert places == sorted(places)
    assert kinds.index("gate") < kinds.index("intended") < kinds.index("confirmed")
    assert set(order) <= set(kinds)
    decision = next(event for event in events if event["kind"] == "decision")
    assert decision["personal"]["approver"] == "ada"
    assert own_cloud.call("GET", "/api/migrations/none/audit").status == 404
