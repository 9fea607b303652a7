"""Threat 5: many new images at once, and events after a failure."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from localcloud.testing.figures import tell
from localcloud.testing.waiting import until
from tests.scenarios.bodies import Json
from tests.scenarios.client import Client

SHARED = {"name": "shared", "publisher": "contoso", "offer": "web", "sku": "shared"}
AT_ONCE = 40


def test_05_forty_new_images_at_once_get_a_version_each(cloud: Client) -> None:
    """Into one new definition, with automatic numbers: none fails, none shares a number with another."""
    wanted = {"imageVersion": "auto", "imageDefinition": SHARED, "delete": False}
    names = [f"at-once-{number}" for number in range(AT_ONCE)]
    for name in names:
        cloud.add_image(name)
    requests = [
        cloud.request(name, targetRegions=[{"name": "East US 2"}], **wanted) for name in names
    ]
    with ThreadPoolExecutor(AT_ONCE) as callers:
        migrations = list(callers.map(cloud.start, requests))
    statuses = cloud.finish(*migrations)
    assert {status["outcome"] for status in statuses} == {"completed"}
    versions = {status["result"]["versionId"] for status in statuses}
    assert len(versions) == AT_ONCE
    again = [s for s in statuses if "was taken meanwhile" in str(s["timeline"])]
    tell(f"{AT_ONCE} images at once into one definition: {len(again)} planned again")
    assert again == []


def test_05_an_event_after_a_failure_starts_another_attempt(cloud: Client) -> None:
    """One that is older than the failure, or the same once more, does not."""
    image = cloud.add_image("auto-second-try", tags={"migrate": "yes"})
    refused = {"what": "status", "status": 400, "code": "InvalidParameter", "method": "PUT"}
    cloud.faults(refused | {"path": "/images/auto-second-try/versions/"})
    early = _event(cloud, image)
    assert cloud.publish(early) == 202
    until(lambda: attempts(cloud, image))
    cloud.finish(*attempts(cloud, image))
    (failed,) = attempts(cloud, image)
    assert cloud.status(failed)["outcome"] == "failed"
    cloud.no_faults()
    assert cloud.publish(early) == 202
    assert attempts(cloud, image) == [failed]
    cloud.advance("PT10M")
    late = _event(cloud, image)
    assert cloud.publish(late, late) == 202
    until(lambda: len(attempts(cloud, image)) == 2)
    cloud.finish(*attempts(cloud, image))
    newest, _ = attempts(cloud, image)
    assert cloud.status(newest)["outcome"] == "completed"
    cloud.advance("PT10M")
    assert cloud.publish(_event(cloud, image)) == 202
    assert len(attempts(cloud, image)) == 2


def attempts(cloud: Client, image: str) -> list[str]:
    """The migrations of an image, the newest first."""
    found = cloud.call("GET", "/api/migrations?limit=200").body["migrations"]
    return [e["id"] for e in found if e["sourceImageId"].lower() == image.lower()]


def _event(cloud: Client, image: str) -> Json:
    now = datetime.fromisoformat(cloud.control("GET", "/clock")["now"]) - timedelta(seconds=1)
    return {
        "id": f"event-{now.timestamp()}",
        "topic": image,
        "subject": image,
        "eventType": "Microsoft.Resources.ResourceWriteSuccess",
        "eventTime": now.isoformat(),
        "data": {"resourceUri": image, "operationName": "Microsoft.Compute/images/write"},
        "dataVersion": "2",
        "metadataVersion": "1",
    }
