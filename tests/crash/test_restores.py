"""A restore that dies at any of its writes ends as one that nothing disturbs, and leaves no disk behind."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.crash import bodies
from tests.crash.boundaries import Moment
from tests.crash.boundary_run import to_the_end
from tests.crash.callers import Callers
from tests.crash.cloud import Answer, Cloud, call, until
from tests.crash.evidence import Json
from tests.crash.intents import Intent, Wish
from tests.crash.mishaps import reached

# Method and path of each write: the image's name, or its migration, is in it.
WRITES = {
    "the first disk": ("PUT", "/disks/restore-{migration}-1-os"),
    "the last disk": ("PUT", "/disks/restore-{migration}-1-lun0"),
    "the image": ("PUT", "Compute/images/{image}\\?"),
    "a disk's deletion": ("DELETE", "/disks/restore-{migration}-1-os"),
}
# A request that is under way when its sender dies, and comes long after.
LATE, AFTERWARDS = "PT10M", "PT1M"


def token_of_alan(cloud: Cloud) -> str:
    """The token of somebody who may restore."""
    entra = cloud.connection["entra"]
    url = f"{entra['authority']}/{entra['tenantId']}/oauth2/v2.0/token"
    form = b"grant_type=password&username=alan&roles=Migration.Admin"
    with urlopen(Request(url, form), timeout=30) as answer:
        return str(json.load(answer)["access_token"])


def restore(cloud: Cloud, migration: str) -> Answer:
    """Ask for the restore of a migration's image."""
    url = f"{cloud.connection['app']['url']}/api/migrations/{migration}/restore"
    return call("POST", url, None, {"Authorization": f"Bearer {token_of_alan(cloud)}"})


def state_of(cloud: Cloud, migration: str) -> Json:
    """The restore, as the status tells it; one that runs where nobody answers."""
    told: Json | None = cloud.app("GET", f"/api/migrations/{migration}").body
    return told["restore"] if told else {"state": "running"}


def resources(cloud: Cloud) -> dict[str, Json]:
    """Everything that Azure has, by id."""
    return {r["id"].lower(): r for r in cloud.arm("GET", "/state")["resources"]}


def advanced_until_ended(cloud: Cloud, migrations: list[str]) -> None:
    """Move the clock until every restore has its end, or the runtime is dead."""
    for _ in range(60):
        if not cloud.alive:
            return
        if all(state_of(cloud, migration)["state"] != "running" for migration in migrations):
            return
        cloud.advance("PT3M")


def rule(migration: str, image: str, write: tuple[str, str], moment: Moment) -> Json:
    """The fault that lets ARM swallow, or hold, this write."""
    method, path = write
    what = "timeout" if moment is Moment.BEFORE else "hold"
    when = "after" if moment is Moment.AFTER else "before"
    found = path.format(migration=migration, image=image)
    return {
        "what": what,
        "when": when,
        "nth": 1,
        "method": method,
        "path": found,
        "name": moment.name,
    }


def release(cloud: Cloud, moment: Moment) -> None:
    """Let the calls go on that are held for this moment."""
    held = cloud.arm("GET", "/faults")["held"]
    wanted = [one["id"] for one in held if one["fault"] == moment.name]
    cloud.arm("POST", "/faults", {"release": wanted})


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_restore_that_dies_at_a_write_ends_as_any_other(write: tuple[str, str]) -> None:
    """Before the write, after its effect, and while it is on its way to come ten minutes later."""
    with Cloud() as cloud:
        names = {moment: f"kill-{moment.name.lower()}-x" for moment in Moment}
        callers = Callers(cloud, doubling=False)
        callers.add([Intent(name, Wish.APPROVE) for name in names.values()])
        before = {name: resources(cloud)[_id(cloud, name)] for name in names.values()}
        to_the_end(cloud, callers)
        ids = {intent.name: callers.status(intent)["id"] for intent in callers.intents}
        rules = [rule(ids[name], name, write, moment) for moment, name in names.items()]
        cloud.arm("POST", "/faults", {"rules": rules})
        assert [restore(cloud, migration).status for migration in ids.values()] == [202] * 3
        _die(cloud, list(ids.values()))
        advanced_until_ended(cloud, list(ids.values()))
        ends = [state_of(cloud, migration) for migration in ids.values()]
        assert [(e["state"], e["differences"], e["disksLeft"]) for e in ends] == [
            ("restored", [], [])
        ] * 3
        there = resources(cloud)
        assert [r for r in there if "/disks/restore-" in r] == []
        assert {name: _shape(there[_id(cloud, name)]) for name in before} == {
            name: _shape(body) for name, body in before.items()
        }
        assert cloud.kills == 1


def _id(cloud: Cloud, name: str) -> str:
    return bodies.image_id(cloud.subscription, name).lower()


def _die(cloud: Cloud, migrations: list[str]) -> None:
    """Kill the runtime once all three are at their write; what is on its way comes ten minutes after the restart."""
    with ThreadPoolExecutor(1) as thread:
        driving = thread.submit(advanced_until_ended, cloud, migrations)
        until(lambda: reached(cloud) >= len(migrations), "all are at their write", 90.0)
        cloud.kill()
        release(cloud, Moment.AFTER)
        driving.result()
    cloud.start()
    cloud.advance(LATE)
    release(cloud, Moment.LATE)
    cloud.arm("DELETE", "/faults")
    until(lambda: not cloud.arm("GET", "/faults")["held"], "what was held has come")
    cloud.advance(AFTERWARDS)


def _shape(image: Json) -> Any:
    """An image without the ids that it was made from."""
    kept = ("lun", "osType", "osState", "diskSizeGB", "caching", "storageAccountType")
    storage = image["properties"]["storageProfile"]
    disks = [storage["osDisk"], *storage["dataDisks"]]
    told = [{k: disk.get(k) for k in kept} for disk in disks]
    return image["tags"], image["properties"]["hyperVGeneration"], told
