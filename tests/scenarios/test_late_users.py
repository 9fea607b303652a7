"""A quarter of an hour after a DELETE it is looked again who needs the image, and people are told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.scenarios import bodies, promises
from tests.scenarios.bodies import Json
from tests.scenarios.client import Client
from tests.scenarios.conftest import a_cloud, add_gallery

LINE = "users of the image appeared"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A local cloud whose app sweeps often."""
    often = {"SWEEP_SCHEDULE": "0 */5 * * * *"}
    with a_cloud(tmp_path_factory.mktemp("late"), more=often) as client:
        client.empty()
        add_gallery(client)
        yield client
        promises.check(client)


def deleted(cloud: Client, name: str) -> str:
    """A migration that has deleted its image just now."""
    migration = cloud.begin(name)
    cloud.advance_to_stage("approval", migration)
    assert cloud.decide(migration).status == 200
    cloud.advance_to_stage("finished", migration, step="PT30S")
    assert cloud.status(migration)["result"]["image"] == "deleted"
    return migration


def add_template(cloud: Client, name: str) -> str:
    """An Image Builder template that reads the image of this name; its id."""
    group = bodies.group_id(cloud.subscription, bodies.IMAGE_GROUP)
    template = f"{group}/providers/Microsoft.VirtualMachineImages/imageTemplates/{name}"
    source = {"type": "ManagedImage", "imageId": bodies.image_id(cloud.subscription, name)}
    inner = {"source": source, "customize": [], "distribute": []}
    cloud.arm("PUT", template, {"location": bodies.HERE, "properties": inner}, "2024-02-01")
    cloud.advance("PT10S")
    return template


def lines(cloud: Client, migration: str) -> list[str]:
    """The timeline's texts behind the end."""
    timeline = cloud.status(migration)["timeline"]
    return [line["text"] for line in timeline if "appeared" in line["text"]]


def appeared(cloud: Client, migration: str) -> list[Json]:
    """The notices of users that appeared."""
    received = [n["body"] for n in cloud.notifications(migration)]
    return [body for body in received if body["type"] == "image.usersAppeared"]


def test_who_appears_after_the_deletion_is_told(cloud: Client) -> None:
    """Once, in the timeline and by a notice, with the command that restores the image."""
    migration = deleted(cloud, "late-user")
    template = add_template(cloud, "late-user")
    cloud.advance("PT10M")
    assert lines(cloud, migration) == []
    cloud.advance("PT15M")
    (line,) = lines(cloud, migration)
    assert line.startswith(LINE)
    assert template.lower() in line.lower()
    assert f"/api/migrations/{migration}/restore" in line
    (notice,) = appeared(cloud, migration)
    (user,) = notice["data"]["users"]
    assert template.lower() in user.lower()
    assert notice["data"]["restoreCommand"] in line
    cloud.advance("PT1H")
    assert (len(lines(cloud, migration)), len(appeared(cloud, migration))) == (1, 1)
    cloud.arm("DELETE", template, api="2024-02-01")
    cloud.advance("PT1M")


def test_nobody_appeared_is_a_line_and_no_notice(cloud: Client) -> None:
    """The outcome stands since the deletion."""
    migration = deleted(cloud, "nobody-late")
    before = cloud.status(migration)
    cloud.advance("PT30M")
    assert lines(cloud, migration) == ["nobody appeared who needs the image"]
    assert appeared(cloud, migration) == []
    after = cloud.status(migration)
    assert {k: after[k] for k in ("outcome", "result", "stage")} == {
        k: before[k] for k in ("outcome", "result", "stage")
    }


def test_an_image_that_is_kept_is_not_looked_after(cloud: Client) -> None:
    """No DELETE, no second look."""
    migration = cloud.begin("kept-late")
    cloud.advance_to_stage("approval", migration)
    assert cloud.decide(migration, "reject").status == 200
    cloud.finish(migration)
    cloud.advance("PT1H")
    assert lines(cloud, migration) == []


def test_a_scan_that_azure_refuses_now_is_made_later(cloud: Client) -> None:
    """A throttled list is waited for; what cannot be read in an hour is told as unknown."""
    migration = deleted(cloud, "slow-late")
    add = {"what": "status", "status": 429, "method": "GET", "path": "/virtualMachineScaleSets\\?"}
    cloud.faults(add)
    cloud.advance("PT45M")
    assert lines(cloud, migration) == []
    cloud.no_faults()
    cloud.advance("PT10M")
    assert lines(cloud, migration) == ["nobody appeared who needs the image"]
    other = deleted(cloud, "unknown-late")
    cloud.faults(add)
    cloud.advance("PT2H")
    (line,) = lines(cloud, other)
    assert "not everything could be read" in line
