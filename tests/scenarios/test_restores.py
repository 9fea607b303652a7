"""A deletion is taken back: the image is there again as it was, made of the version, and nothing is left behind."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.ids import restore_id
from localcloud.testing.waiting import until
from records.backends.sqlite import SqliteRecords
from tests.crash.bodies import image_written
from tests.scenarios import bodies
from tests.scenarios.answers import Answer
from tests.scenarios.bodies import Json
from tests.scenarios.client import COMPUTE_API, GALLERY_API, Client

ADMIN, DISKS_API = "Migration.Admin", "2024-03-02"
# docs/architecture.md, "A deletion is taken back".
FEWEST_REQUESTS = 13
SOURCES = ("managedDisk", "snapshot", "blobUri")
DATA = (0, 3)


def deleted(cloud: Client, name: str, **fields: Any) -> tuple[str, Json]:
    """A migration that has deleted its image, and the image as it was."""
    disks = [
        bodies.disk(cloud.subscription, f"{name}_{lun}", 50 + lun, lun=lun, caching="None")
        for lun in DATA
    ]
    fields = {"tags": {"team": "web", "cost": "7"}, **fields}
    image = cloud.add_image(name, data=tuple(disks), **fields)
    was = cloud.arm("GET", image, api=COMPUTE_API)
    migration = cloud.start(cloud.request(name))
    cloud.advance_to_stage("approval", migration)
    assert cloud.decide(migration).status == 200
    (status,) = cloud.finish(migration)
    assert status["result"]["image"] == "deleted", status["reason"]
    return migration, was


def restore(cloud: Client, migration: str, body: Json | None = None) -> Answer:
    """Ask for the restore as an administrator."""
    path = f"/api/migrations/{migration}/restore"
    return cloud.call("POST", path, body, headers=cloud.token("alan", ADMIN))


def to_the_end(cloud: Client, migration: str) -> Json:
    """Move the clock until the restore has ended; the restore."""
    told: Json = {}

    def ended() -> bool:
        told.update(cloud.status(migration)["restore"])
        return bool(told["state"] != "running")

    cloud.advance_until(ended, "PT2M")
    return told


def without_sources(image: Json) -> Json:
    """An image without what it was made from."""
    storage = image["properties"]["storageProfile"]
    system = {k: v for k, v in storage["osDisk"].items() if k not in SOURCES}
    data = [{k: v for k, v in d.items() if k not in SOURCES} for d in storage["dataDisks"]]
    profile = storage | {"osDisk": system, "dataDisks": data}
    return image | {"properties": image["properties"] | {"storageProfile": profile}}


def disks_of(cloud: Client) -> list[str]:
    """Every managed disk that Azure has."""
    resources = cloud.control("GET", "/state")["resources"]
    return [r["id"] for r in resources if r["type"].lower() == "microsoft.compute/disks"]


def test_a_deleted_image_is_restored(cloud: Client) -> None:
    """Everything but its sources is as it was: tags, generation, disks with LUN, size, caching and type."""
    migration, was = deleted(cloud, "restored")
    assert not cloud.image_there("restored")
    answer = restore(cloud, migration)
    assert answer.status == 202, answer
    assert answer.body["restore"]["state"] == "running"
    told = to_the_end(cloud, migration)
    assert (told["state"], told["differences"], told["disksLeft"]) == ("restored", [], [])
    now = cloud.arm("GET", bodies.image_id(cloud.subscription, "restored"), api=COMPUTE_API)
    assert without_sources(now) == without_sources(was)
    assert disks_of(cloud) == []
    assert restore(cloud, migration).status == 200


def test_a_restore_that_nobody_was_allowed_to_ask_for_does_nothing(cloud: Client) -> None:
    """Its row stands in the records, of a genuine one but for the image: its seal does not hold."""
    migration, _ = deleted(cloud, "genuine")
    assert restore(cloud, migration).status == 202
    assert to_the_end(cloud, migration)["state"] == "restored"
    store = SqliteRecords(cloud.process.state / "records.sqlite")
    genuine = store.read(migration, "restore.000001")
    assert genuine
    fresh = ("run", "started", "restarts", "writes", "uniqueIds", "settled", "finished")
    forged = {key: value for key, value in genuine.value.items() if key not in fresh}
    image = json.loads(json.dumps(forged["plan"]["image"]).replace("genuine", "forged"))
    forged |= {"attempt": 2, "plan": forged["plan"] | {"image": image}}
    store.put(migration, "restore.000002", forged)
    store.put("open", restore_id(migration, 2), {"at": forged["acceptedAt"]})
    for _ in range(6):
        cloud.advance("PT10M")
    held = store.read(migration, "restore.000002")
    assert held
    assert held.value.get("started")
    assert not held.value.get("writes")
    assert not cloud.image_there("forged")


def test_the_requests_of_a_restore(cloud: Client) -> None:
    """Of an image with one disk: so many, and a few more looks where Azure takes its time."""
    cloud.add_image("counted")
    migration = cloud.start(cloud.request("counted"))
    cloud.advance_to_stage("approval", migration)
    assert cloud.decide(migration).status == 200
    cloud.finish(migration)
    before = len(cloud.arm_log())
    assert restore(cloud, migration).status == 202
    assert to_the_end(cloud, migration)["state"] == "restored"
    assert FEWEST_REQUESTS <= len(cloud.arm_log()) - before <= FEWEST_REQUESTS + 5


def test_who_asks_twice_gets_the_same_restore(cloud: Client) -> None:
    """While it runs, and when it is through; one image is made, once."""
    migration, _ = deleted(cloud, "twice")
    first, second = restore(cloud, migration), restore(cloud, migration, {"from": "version"})
    assert (first.status, second.status) == (202, 200)
    assert first.body["restore"]["attempt"] == second.body["restore"]["attempt"] == 1
    assert to_the_end(cloud, migration)["state"] == "restored"
    again = restore(cloud, migration)
    assert (again.status, again.body["restore"]["attempt"]) == (200, 1)
    assert len(puts(cloud, "Compute/images/twice?")) == 1
    texts = [line["text"] for line in cloud.status(migration)["timeline"]]
    assert len([text for text in texts if "asked for the image to be restored" in text]) == 1
    assert texts[-1] == "restore 1: image restored (the image is there again)"


def puts(cloud: Client, part: str) -> list[str]:
    """The PUTs that Azure took, of what has this in its path."""
    log = cloud.arm_log("PUT")
    return [line["path"] for line in log if part in line["path"] and line["status"] < 300]


def test_an_image_that_was_restored_and_is_gone_is_restored_again(cloud: Client) -> None:
    """As the next attempt, with disks of its own."""
    migration, was = deleted(cloud, "again")
    assert restore(cloud, migration).status == 202
    assert to_the_end(cloud, migration)["state"] == "restored"
    cloud.delete_image("again")
    assert restore(cloud, migration).body["restore"]["attempt"] == 2
    assert to_the_end(cloud, migration)["state"] == "restored"
    now = cloud.arm("GET", bodies.image_id(cloud.subscription, "again"), api=COMPUTE_API)
    assert without_sources(now) == without_sources(was)
    assert disks_of(cloud) == []


def test_nothing_is_put_over_what_has_the_name(cloud: Client) -> None:
    """409 with what is there; nothing is written."""
    migration, _ = deleted(cloud, "occupied")
    cloud.add_image("occupied", created=None)
    before = len(cloud.arm_log("PUT"))
    answer = restore(cloud, migration)
    assert answer.status == 409
    there = answer.body["image"]
    assert there["id"].lower() == bodies.image_id(cloud.subscription, "occupied").lower()
    assert there["properties"]["storageProfile"]["osDisk"]["diskSizeGB"] == 30
    assert (cloud.status(migration)["restore"], len(cloud.arm_log("PUT"))) == (None, before)


def test_what_takes_the_name_meanwhile_is_left_alone(cloud: Client) -> None:
    """Made while the disks were made: the restore fails, says so, and leaves no disk behind."""
    migration, _ = deleted(cloud, "overtaken")
    assert restore(cloud, migration).status == 202
    until(lambda: len(puts(cloud, f"/disks/restore-{migration}-1-")) == 3)
    cloud.add_image("overtaken", created=None)
    told = to_the_end(cloud, migration)
    assert told["state"] == "failed"
    assert "somebody else has made" in told["reason"]
    assert (puts(cloud, "Compute/images/overtaken?"), disks_of(cloud)) == ([], [])


def test_without_the_version_there_is_no_way_back(cloud: Client) -> None:
    """422, and what to do; a version of that name that was made since counts as little."""
    migration, _ = deleted(cloud, "lost")
    version = f"{bodies.gallery_id(cloud.subscription)}/images/lost/versions/1.0.0"
    found = cloud.arm("GET", version, api=GALLERY_API)
    cloud.arm("DELETE", version, api=GALLERY_API)
    cloud.advance("PT30M")
    answer = restore(cloud, migration)
    assert answer.status == 422
    assert "undelete it" in answer.body["errors"][0]["message"]
    cloud.add_image("other")
    profile = {"source": {"id": bodies.image_id(cloud.subscription, "other")}}
    regions = found["properties"]["publishingProfile"]["targetRegions"]
    inner = {"publishingProfile": {"targetRegions": regions}, "storageProfile": profile}
    body = {"location": bodies.HERE, "tags": found["tags"], "properties": inner}
    cloud.arm("PUT", version, body, GALLERY_API)
    cloud.advance("PT2H")
    answer = restore(cloud, migration)
    assert answer.status == 422
    told = " ".join(error["message"] for error in answer.body["errors"])
    assert "it is another one" in told
    assert "not from this image" in told
    assert cloud.status(migration)["restore"] is None


def test_only_what_we_deleted_is_restored(cloud: Client) -> None:
    """409 while the migration runs, and for an image that it kept."""
    cloud.add_image("kept")
    migration = cloud.start(cloud.request("kept", delete=False))
    assert restore(cloud, migration).status == 409
    cloud.finish(migration)
    answer = restore(cloud, migration)
    assert (answer.status, "deleted no image" in answer.body["detail"]) == (409, True)
    assert restore(cloud, "f" * 32 + "-1-00000000").status == 404


def test_only_an_administrator_restores(cloud: Client) -> None:
    """Nobody by a key, nor with any other role."""
    migration, _ = deleted(cloud, "guarded")
    path = f"/api/migrations/{migration}/restore"
    assert cloud.call("POST", path).status == 403
    for role in ("Migration.Approve", "Migration.Submit", "Migration.Read"):
        assert cloud.call("POST", path, headers=cloud.token("alan", role)).status == 403
    assert cloud.call("POST", path, headers={"Authorization": "Bearer x"}).status == 401
    assert cloud.status(migration)["restore"] is None


@pytest.mark.parametrize("body", [{"from": "nowhere"}, {"of": "version"}, []])
def test_a_body_that_says_something_else_is_refused(cloud: Client, body: Any) -> None:
    """400, before anything is looked up."""
    assert restore(cloud, "f" * 32 + "-1-00000000", body).status == 400


def test_a_disk_that_azure_refuses_ends_it_and_the_next_one_restores(cloud: Client) -> None:
    """Azure's words are the reason; the disks that were made are gone; asked again, it is another attempt."""
    migration, _ = deleted(cloud, "refused")
    full = {"what": "status", "status": 409, "code": "OperationNotAllowed", "message": "quota"}
    cloud.faults(full | {"method": "PUT", "path": f"/disks/restore-{migration}-1-lun3"})
    assert restore(cloud, migration).status == 202
    told = to_the_end(cloud, migration)
    assert (told["state"], told["reason"]) == ("failed", "OperationNotAllowed: quota")
    assert (disks_of(cloud), cloud.image_there("refused")) == ([], False)
    assert restore(cloud, migration).body["restore"]["attempt"] == 2
    assert to_the_end(cloud, migration)["state"] == "restored"
    assert disks_of(cloud) == []


def test_a_disk_that_cannot_be_deleted_is_told(cloud: Client) -> None:
    """The image is there; the disk that Azure will not let go is named."""
    migration, _ = deleted(cloud, "stuck")
    name = f"/disks/restore-{migration}-1-os"
    locked = {"what": "status", "status": 409, "code": "ScopeLocked", "message": "locked"}
    cloud.faults(locked | {"method": "DELETE", "path": name})
    assert restore(cloud, migration).status == 202
    told = to_the_end(cloud, migration)
    assert told["state"] == "restored"
    (left,) = told["disksLeft"]
    assert name in left
    assert left.endswith("ScopeLocked: locked")
    cloud.no_faults()
    (disk,) = disks_of(cloud)
    cloud.arm("DELETE", disk, api=DISKS_API)
    cloud.advance("PT1M")


def test_the_event_of_our_own_restore_starts_nothing(cloud: Client) -> None:
    """The mapping covers the image, and its fingerprint is a new one; an image made by somebody else starts one."""
    migration, _ = deleted(cloud, "auto-restored", tags={"migrate": "yes"})
    assert restore(cloud, migration).status == 202
    assert to_the_end(cloud, migration)["state"] == "restored"
    image = bodies.image_id(cloud.subscription, "auto-restored")
    assert cloud.publish(image_written(image)) == 202
    assert attempts(cloud, image) == 1
    cloud.make_image_anew("auto-restored")
    cloud.arm("PATCH", image, {"tags": {"migrate": "yes"}})
    cloud.advance("PT1M")
    assert cloud.publish(image_written(image)) == 202
    assert attempts(cloud, image) == 2


def attempts(cloud: Client, image: str) -> int:
    """The number of migrations of an image."""
    listed = cloud.call("GET", "/api/migrations?limit=200").body["migrations"]
    return len([entry for entry in listed if entry["sourceImageId"].lower() == image.lower()])


def test_an_orchestration_of_ones_own_restores_nothing(cloud: Client) -> None:
    """Without a record that somebody who may has made it, nothing is sent, whatever id it is started under."""
    migration, _ = deleted(cloud, "uninvited")
    before = len(cloud.arm_log())
    for instance in (f"{migration}-restore-1", f"{migration}-restore-7", "mine", migration):
        path = f"/orchestrators/restore_image/{instance}"
        assert cloud.durable("POST", path, {"attempt": 1}).status_code == 202
        cloud.advance("PT1M")
        output = cloud.durable("GET", f"/instances/{instance}").json()["output"]
        assert output == {"over": True}
    assert len(cloud.arm_log()) == before
    assert cloud.status(migration)["restore"] is None


@pytest.mark.parametrize("part", ["os", "lun0"])
def test_a_lost_orchestration_goes_on_from_its_record(cloud: Client, part: str) -> None:
    """Terminated by nobody, gone with its history while a disk is made: the sweep starts it again."""
    name = f"vanished-{part}"
    migration, was = deleted(cloud, name)
    disk = f"/disks/restore-{migration}-1-{part}"
    cloud.faults({"what": "hold", "method": "PUT", "path": disk, "when": "before", "nth": 1})
    assert restore(cloud, migration).status == 202
    until(lambda: bool(cloud.held()))
    path = f"/instances/{migration}-restore-1"
    assert cloud.durable("POST", f"{path}/terminate").status_code == 202
    until(lambda: cloud.durable("DELETE", path).status_code == 200)
    cloud.no_faults()
    assert to_the_end(cloud, migration)["state"] == "restored"
    now = cloud.arm("GET", bodies.image_id(cloud.subscription, name), api=COMPUTE_API)
    assert without_sources(now) == without_sources(was)
    assert disks_of(cloud) == []


def test_a_restore_that_somebody_terminates_ends(cloud: Client) -> None:
    """The disks that it leaves behind are named."""
    migration, _ = deleted(cloud, "terminated")
    assert restore(cloud, migration).status == 202
    assert cloud.durable("POST", f"/instances/{migration}-restore-1/terminate").status_code == 202
    told = to_the_end(cloud, migration)
    assert (told["state"], "was terminated" in told["reason"]) == ("failed", True)
    assert sorted(told["disksLeft"]) == sorted(disks_of(cloud))
    for disk in disks_of(cloud):
        cloud.arm("DELETE", disk, api=DISKS_API)
    cloud.advance("PT1M")
