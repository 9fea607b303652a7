"""New managed images that migrate by themselves: what Event Grid delivers, in whatever order and shape."""

from typing import Any
from uuid import uuid4

import pytest

from tests.scenarios import bodies
from tests.scenarios.bodies import Json
from tests.scenarios.client import Client

OPERATION, TYPE = "Microsoft.Compute/images/write", "Microsoft.Resources.ResourceWriteSuccess"
CLAIM = "somebody@contoso.example"
YES = {"migrate": "yes"}


def _data(image: str, **fields: Any) -> Json:
    data = {
        "authorization": {"evidence": {"role": "Contributor"}},
        "claims": {"name": CLAIM, "ipaddr": "203.0.113.7"},
        "correlationId": str(uuid4()),
        "operationName": OPERATION,
        "resourceProvider": "Microsoft.Compute",
        "resourceUri": image,
        "status": "Succeeded",
        "subscriptionId": image.split("/")[2],
    }
    return data | fields


def _event(image: str, **fields: Any) -> Json:
    """In the Event Grid schema."""
    event = {
        "id": str(uuid4()),
        "topic": "/".join(image.split("/")[:3]),
        "subject": image,
        "eventType": TYPE,
        "eventTime": "2026-11-22T15:00:00Z",
        "dataVersion": "2",
        "metadataVersion": "1",
        "data": _data(image),
    }
    return event | fields


def a_write(image: str) -> Json:
    """An event about an image that was written."""
    return _event(image)


def _cloud_event(image: str) -> Json:
    """In the CloudEvents schema."""
    return {
        "id": str(uuid4()),
        "source": "/".join(image.split("/")[:3]),
        "subject": image,
        "type": TYPE,
        "time": "2026-11-22T15:00:00Z",
        "specversion": "1.0",
        "data": _data(image),
    }


def _migrations_of(cloud: Client, image: str) -> list[Json]:
    entries = cloud.call("GET", "/api/migrations?limit=200").body["migrations"]
    return [entry for entry in entries if entry["sourceImageId"].lower() == image.lower()]


def _finish_all_of(cloud: Client, image: str) -> None:
    cloud.finish(*(entry["id"] for entry in _migrations_of(cloud, image)))


@pytest.fixture(scope="module")
def delivered(cloud: Client) -> dict[str, list[Json]]:
    """The migrations that events about five images started, after all have ended, by the names of the images."""
    images = {
        name: cloud.add_image(f"auto-{name}", tags=YES)
        for name in ("schema", "cloud", "lower", "doubled", "late")
    }
    events = [
        _event(images["schema"]),
        _event(images["lower"].lower()),
        _cloud_event(images["cloud"]),
    ]
    for event in events:
        assert cloud.publish(event) == 202
    twice = _event(images["doubled"])
    assert cloud.publish(twice, twice) == 202
    assert cloud.publish(twice) == 202
    newer, older = (
        _event(images["late"], eventTime=at)
        for at in ("2026-11-22T15:02:00Z", "2026-11-22T15:01:00Z")
    )
    assert cloud.publish(newer) == 202
    assert cloud.publish(older) == 202
    for image in images.values():
        _finish_all_of(cloud, image)
    assert cloud.publish(twice) == 202
    return {name: _migrations_of(cloud, image) for name, image in images.items()}


@pytest.mark.parametrize("name", ["schema", "cloud", "lower", "doubled", "late"])
def test_an_event_about_a_new_image_starts_one_migration(
    cloud: Client, delivered: dict[str, list[Json]], name: str
) -> None:
    """Both schemas, ids in lower case, doubled, out of order, again after the end: one migration, completed."""
    (entry,) = delivered[name]
    status = cloud.status(entry["id"])
    assert (status["outcome"], status["attempt"], status["origin"]) == ("completed", 1, "eventGrid")
    assert status["result"]["image"] == "kept"
    assert status["result"]["versionId"].endswith(f"/images/auto-{name}/versions/1.0.0")
    assert status["request"]["imageDefinition"]["offer"] == "Linux"


def test_a_change_of_tags_starts_nothing(cloud: Client, delivered: dict[str, list[Json]]) -> None:
    """It raises the same event as a creation; the image has been migrated already."""
    image = bodies.image_id(cloud.subscription, "auto-schema")
    cloud.arm("PATCH", image, {"tags": YES | {"seen": "yes"}})
    cloud.advance("PT1M")
    assert cloud.publish(_event(image)) == 202
    assert len(_migrations_of(cloud, image)) == 1


def test_an_image_made_anew_under_its_name_is_another_image(
    cloud: Client, delivered: dict[str, list[Json]]
) -> None:
    """Names are reused: another creation time is another fingerprint, and starts another migration."""
    image = bodies.image_id(cloud.subscription, "auto-cloud")
    cloud.delete_image("auto-cloud")
    cloud.add_image("auto-cloud", tags=YES, created=None)
    assert cloud.publish(_event(image)) == 202
    assert len(_migrations_of(cloud, image)) == 2
    _finish_all_of(cloud, image)
    assert {entry["outcome"] for entry in _migrations_of(cloud, image)} == {"completed"}


def test_an_image_made_anew_during_a_migration_starts_its_own_afterwards(cloud: Client) -> None:
    """Its event is refused while the older one's migration runs, so that Event Grid delivers it again: never lost."""
    image = cloud.add_image("auto-again", tags=YES)
    migration = cloud.start(cloud.request("auto-again", deletion={"enabled": True}))
    cloud.advance_to_stage("approval", migration)
    cloud.delete_image("auto-again")
    cloud.add_image("auto-again", tags=YES, created=None)
    assert cloud.publish(_event(image)) == 500
    assert cloud.decide(migration, "reject").status == 200
    cloud.finish(migration)
    assert cloud.publish(_event(image)) == 202
    assert cloud.publish(_event(image)) == 202
    assert len(_migrations_of(cloud, image)) == 2


def test_an_image_with_any_record_starts_nothing_whatever_its_outcome(cloud: Client) -> None:
    """Cancelled by somebody: an event does not start it again."""
    image = cloud.add_image("auto-cancelled", tags=YES)
    migration = cloud.start(cloud.request("auto-cancelled"))
    cloud.advance("PT1M")
    cloud.cancel(migration)
    cloud.finish(migration)
    assert cloud.publish(_event(image)) == 202
    assert len(_migrations_of(cloud, image)) == 1


@pytest.mark.parametrize(
    ("name", "tags"),
    [("manual-one", YES), ("auto-untagged", {}), ("auto-no", {"migrate": "no"})],
)
def test_an_image_that_no_entry_covers_starts_nothing(cloud: Client, name: str, tags: Json) -> None:
    """Name and tags must match."""
    image = cloud.add_image(name, tags=tags)
    assert cloud.publish(_event(image)) == 202
    assert _migrations_of(cloud, image) == []


def test_events_about_something_else_are_dropped(cloud: Client) -> None:
    """Other operations, types and resources, and an image that is gone: 202, nothing started."""
    image = cloud.add_image("auto-elsewhere", tags=YES)
    gone = bodies.image_id(cloud.subscription, "auto-gone")
    others = [
        _event(image, eventType="Microsoft.Resources.ResourceDeleteSuccess"),
        _event(image, data=_data(image, operationName="Microsoft.Compute/images/delete")),
        _event(image, data=_data(image.replace("/images/", "/snapshots/"))),
        _event(gone),
    ]
    for event in others:
        assert cloud.publish(event) == 202
    assert _migrations_of(cloud, image) + _migrations_of(cloud, gone) == []


def test_events_that_cannot_be_read_are_dropped_and_never_retried(cloud: Client) -> None:
    """Answered with 202, so that Event Grid does not deliver them for a day."""
    image = cloud.add_image("auto-unreadable", tags=YES)
    broken: list[Any] = [
        _event(image, data="text"),
        _event(image, data=[1, 2]),
        _event(image, data={}),
        _event(image, data=_data("/subscriptions/nonsense")),
        _event(image, data=_data(image + "\x00")),
        _event(image, data=_data(image, operationName=["a"])),
        _event(image, data=_data(image, resourceUri={"a": 1})),
        _cloud_event(image) | {"data": None},
    ]
    assert [cloud.publish(event) for event in broken] == [202] * len(broken)
    assert _migrations_of(cloud, image) == []


def test_while_azure_is_down_an_event_is_to_be_delivered_again(cloud: Client) -> None:
    """An outage is no answer: 500, and the next delivery starts it."""
    image = cloud.add_image("auto-patient", tags=YES)
    cloud.faults({"what": "status", "status": 503, "path": "Compute/images/auto-patient"})
    assert cloud.publish(_event(image)) == 500
    assert _migrations_of(cloud, image) == []
    cloud.no_faults()
    assert cloud.publish(_event(image)) == 202
    assert len(_migrations_of(cloud, image)) == 1
    cloud.advance("PT30M")


def test_the_source_image_is_never_written_and_no_claim_is_logged(
    cloud: Client, delivered: dict[str, list[Json]]
) -> None:
    """Azure has seen no PUT or DELETE of an image from the app; the log knows nobody's name or address."""
    writes = [line for line in cloud.arm_log("PUT", "DELETE") if "Compute/images/" in line["path"]]
    assert {line["path"].split("?")[0] for line in writes} <= {
        bodies.image_id(cloud.subscription, name) for name in ("auto-cloud", "auto-again")
    }
    printed = cloud.process.printed()
    assert CLAIM not in printed
    assert "203.0.113.7" not in printed
