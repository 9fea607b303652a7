"""A limit on what events start: no more in an hour, and nothing that was accepted is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.bodies import Json
from tests.scenarios.client import Client
from tests.scenarios.conftest import a_cloud, add_gallery
from tests.scenarios.test_event_grid import YES, a_write

LIMIT, IMAGES = 2, 5


@pytest.fixture
def own_cloud(tmp_path: Path) -> Iterator[Client]:
    """A local cloud of one's own, whose events start two migrations an hour."""
    with a_cloud(tmp_path, more={"EVENT_STARTS_PER_HOUR": str(LIMIT)}) as client:
        add_gallery(client)
        yield client


def started(cloud: Client) -> list[Json]:
    """The migrations that there are."""
    entries: list[Json] = cloud.call("GET", "/api/migrations?limit=200").body["migrations"]
    return entries


def test_what_comes_beyond_the_limit_is_started_in_the_next_hours(own_cloud: Client) -> None:
    """Each event is answered well, so that Event Grid may forget it; twice is once; an image that is gone by then
    starts nothing, and costs no place."""
    names = [f"auto-{n}" for n in range(IMAGES)]
    images = [own_cloud.add_image(name, tags=YES) for name in names]
    for image in (*images, images[-1]):
        assert own_cloud.publish(a_write(image)) == 202
    first = started(own_cloud)
    assert len(first) == LIMIT
    waiting = [i for i in images if i.lower() not in {m["sourceImageId"].lower() for m in first}]
    own_cloud.delete_image(waiting[0].rpartition("/")[2])
    own_cloud.advance("PT50M")
    assert len(started(own_cloud)) == LIMIT
    own_cloud.advance_until(lambda: len(started(own_cloud)) == IMAGES - 1, "PT5M", 30)
    own_cloud.advance("PT2H")
    migrated = [migration["sourceImageId"].lower() for migration in started(own_cloud)]
    assert sorted(migrated) == sorted(image.lower() for image in images if image != waiting[0])
    [status] = own_cloud.finish(started(own_cloud)[0]["id"])
    assert (status["origin"], status["outcome"]) == ("eventGrid", "completed")
