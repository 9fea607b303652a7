"""An orchestration dies while one of its activities is held at Azure; another run goes on and ends; then the activity
comes to life again. It sends nothing that the record does not name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.testing.waiting import until
from tests.scenarios.bodies import Json
from tests.scenarios.client import Client
from tests.scenarios.conftest import a_cloud, add_gallery

SPEED, SLOWLY, WITHIN = 600, 60, 100.0
WAITING = "an earlier run may have sent the deletion"
# Read last before the version's PUT, and before the DELETE.
LOOKED_AGAIN = "nobody appeared who needs the image"
CREATION_TIME = "/resources\\?"


@pytest.fixture
def own_cloud(tmp_path: Path) -> Iterator[Client]:
    """A local cloud for one test, whose orchestrations die."""
    with a_cloud(tmp_path) as client:
        add_gallery(client)
        # A clock that is moved would wait for what is held.
        client.control("POST", "/clock", {"speed": SPEED})
        yield client


@pytest.fixture
def swept_cloud(tmp_path: Path) -> Iterator[Client]:
    """The same for tests whose clock goes slowly: swept every five minutes, or the sweep would be waited for."""
    with a_cloud(tmp_path, more={"SWEEP_SCHEDULE": "0 */5 * * * *"}) as client:
        add_gallery(client)
        client.control("POST", "/clock", {"speed": SPEED})
        yield client


def last_before(cloud: Client, method: str, name: str) -> int:
    """Return the number of the last reading of an image's creation time before the write of this method."""
    log = cloud.arm_log()
    writes = [n for n, line in enumerate(log) if line["method"] == method and _about(line, name)]
    if method == "PUT":
        writes = [n for n in writes if "/versions/" in log[n]["path"]]
    before = log[: writes[0]]
    return len([line for line in before if "/resources?" in line["path"] and name in line["path"]])


def _about(line: Json, name: str) -> bool:
    return f"/{name}?" in line["path"] or f"/images/{name}/" in line["path"]


def writes(cloud: Client, name: str) -> list[tuple[str, str]]:
    """Method and path of every write about an image and its version that Azure took."""
    return [
        (line["method"], line["path"].partition("?")[0])
        for line in cloud.arm_log("PUT", "DELETE")
        if _about(line, name) and 200 <= line["status"] < 300
    ]


def to_the_end(cloud: Client, migration: str) -> Json:
    """Approved when it asks; its status in the end."""
    until(lambda: cloud.status(migration)["stage"] in ("approval", "finished"), WITHIN)
    if cloud.status(migration)["approval"]["state"] == "waiting":
        cloud.decide(migration)
    # The outcome stands a moment before its line, and a quarter of an hour before the last look for users.
    until(lambda: cloud.status(migration)["outcome"], WITHIN)
    cloud.control("POST", "/clock", {"speed": SPEED})
    until(lambda: LOOKED_AGAIN in str(cloud.status(migration)["timeline"]), WITHIN)
    return cloud.status(migration)


def lose(cloud: Client, migration: str) -> None:
    """The orchestration is gone, its activity is not; the sweep starts the next run."""
    path = f"/instances/{migration}"
    assert cloud.durable("POST", f"{path}/terminate").status_code == 202
    until(lambda: cloud.durable("DELETE", path).status_code == 200, WITHIN)
    until(lambda: "started again" in str(cloud.status(migration)["timeline"]), WITHIN)


@pytest.fixture
def twin(own_cloud: Client) -> Json:
    """An undisturbed migration: how often the creation time is read before each write, and what it ends as."""
    ended = to_the_end(own_cloud, own_cloud.begin("twin"))
    return {method: last_before(own_cloud, method, "twin") for method in ("PUT", "DELETE")} | {
        "reason": ended["reason"]
    }


def hold(cloud: Client, method: str, path: str, nth: int) -> None:
    cloud.faults({"what": "hold", "method": method, "path": path, "nth": nth})


def until_held(cloud: Client) -> None:
    until(lambda: bool(cloud.held()), WITHIN)


def let_go(cloud: Client) -> None:
    """The held call goes on, and its activity."""
    cloud.no_faults()
    until(lambda: not cloud.held(), WITHIN)
    cloud.control("POST", "/clock", {"speed": 0})
    # It waits for everything that runs.
    cloud.advance("PT1H")


def test_a_late_put_is_not_sent(own_cloud: Client, twin: Json) -> None:
    """Held at the last reading before the version's PUT: the later run has made the version, this one makes none."""
    own_cloud.add_image("late-put")
    hold(own_cloud, "GET", f"{CREATION_TIME}.*late-put", twin["PUT"])
    migration = own_cloud.start(own_cloud.request("late-put"))
    until_held(own_cloud)
    lose(own_cloud, migration)
    status = to_the_end(own_cloud, migration)
    assert (status["outcome"], status["reason"]) == ("completed", twin["reason"])
    before = writes(own_cloud, "late-put")
    let_go(own_cloud)
    assert writes(own_cloud, "late-put") == before
    assert own_cloud.status(migration) == status


def test_a_late_gate_sends_no_delete(own_cloud: Client, twin: Json) -> None:
    """Held at the second look before the DELETE: the later run has deleted the image, and this one deletes nothing,
    though there is another image of that name by now."""
    migration = own_cloud.begin("late-gate")
    until(lambda: own_cloud.status(migration)["stage"] == "approval", WITHIN)
    read = [line for line in own_cloud.arm_log() if "/resources?" in line["path"]]
    seen = len([line for line in read if "late-gate" in line["path"]])
    hold(own_cloud, "GET", f"{CREATION_TIME}.*late-gate", twin["DELETE"] - seen)
    assert own_cloud.decide(migration).status == 200
    until_held(own_cloud)
    lose(own_cloud, migration)
    status = to_the_end(own_cloud, migration)
    assert (status["outcome"], status["result"]["image"]) == ("completed", "deleted")
    own_cloud.add_image("late-gate")
    before = writes(own_cloud, "late-gate")
    let_go(own_cloud)
    assert writes(own_cloud, "late-gate") == before
    assert own_cloud.image_there("late-gate")
    assert own_cloud.status(migration) == status


def until_deletion(cloud: Client, name: str, fault: str) -> str:
    """The migration of a new image, whose orchestration is lost when its DELETE has met the fault; its id."""
    migration = cloud.begin(name)
    until(lambda: cloud.status(migration)["stage"] == "approval", WITHIN)
    cloud.faults({"what": fault, "method": "DELETE", "path": f"/{name}\\?", "nth": 1})
    assert cloud.decide(migration).status == 200
    until(lambda: any(rule["fired"] for rule in armed(cloud)), WITHIN)
    # A quarter of an hour shall take longer than the sweep.
    cloud.control("POST", "/clock", {"speed": SLOWLY})
    lose(cloud, migration)
    return migration


def armed(cloud: Client) -> list[Json]:
    rules: list[Json] = cloud.control("GET", "/faults")["rules"]
    return rules


def deletions(cloud: Client, name: str) -> list[Json]:
    """The DELETEs of an image that Azure took."""
    sent = [line for line in cloud.arm_log("DELETE") if _about(line, name)]
    return [line for line in sent if 200 <= line["status"] < 300]


@pytest.mark.timeout(300)
def test_a_late_delete_is_the_one_that_the_record_names(swept_cloud: Client) -> None:
    """Held on its way to Azure for minutes: the later run sends no second one, also not when there is another image of
    that name by then; people are too late."""
    migration = until_deletion(swept_cloud, "late-delete", "hold")
    until(lambda: WAITING in str(swept_cloud.status(migration)["timeline"]), WITHIN)
    assert swept_cloud.cancel(migration).status == 409
    assert swept_cloud.image_there("late-delete")
    swept_cloud.no_faults()
    until(lambda: not swept_cloud.image_there("late-delete"), WITHIN)
    swept_cloud.add_image("late-delete", created=None)
    swept_cloud.control("POST", "/clock", {"speed": SPEED})
    until(lambda: swept_cloud.status(migration)["outcome"], WITHIN)
    let_go(swept_cloud)
    status = swept_cloud.status(migration)
    assert (status["outcome"], status["result"]["image"]) == ("completed", "deleted")
    [sent] = deletions(swept_cloud, "late-delete")
    assert sent["correlationId"] == status["result"]["correlationIds"]["delete_image"]
    assert swept_cloud.image_there("late-delete")


def test_a_delete_that_was_never_sent_is_sent_by_the_later_run(swept_cloud: Client) -> None:
    """The run died between writing down that it would delete and doing it: the image goes all the same, by one DELETE,
    a quarter of an hour later, and people may cancel until then no more than before."""
    migration = until_deletion(swept_cloud, "lost-delete", "timeout")
    assert swept_cloud.cancel(migration).status == 409
    swept_cloud.control("POST", "/clock", {"speed": SPEED})
    until(lambda: swept_cloud.status(migration)["outcome"], WITHIN)
    status = swept_cloud.status(migration)
    assert (status["outcome"], status["result"]["image"]) == ("completed", "deleted")
    [sent] = deletions(swept_cloud, "lost-delete")
    assert sent["correlationId"] == status["result"]["correlationIds"]["delete_image"]
    assert not swept_cloud.image_there("lost-delete")
