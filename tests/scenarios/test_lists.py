"""Lists and health: pages that are whole and bounded, filters, and what is said when Azure is down."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.scenarios import bodies
from tests.scenarios.bodies import Json
from tests.scenarios.client import GALLERY_API, Client
from tests.scenarios.conftest import add_gallery

CALLS_PER_PAGE = 25
MANY_IMAGES = 120
GALLERIES, DEFINITIONS = 4, 9


@pytest.fixture(scope="module")
def ended(cloud: Client) -> list[str]:
    """Seven migrations, oldest first: one completed, four failed, one cancelled, one that still waits."""
    migrations = [cloud.begin("listed-0", delete=False)]
    cloud.finish(*migrations)
    cloud.faults({"what": "reset", "path": "/providers/Microsoft.Compute/"})
    for number in range(1, 5):
        cloud.advance("PT1S")
        migrations.append(cloud.start(cloud.request(f"listed-{number}")))
    cloud.no_faults()
    for number in (5, 6):
        cloud.advance("PT1S")
        migrations.append(cloud.begin(f"listed-{number}"))
    cloud.cancel(migrations[5])
    cloud.finish(*migrations[:6])
    cloud.advance_to_stage("approval", migrations[6])
    return migrations


def _pages(cloud: Client, path: str, rows: str, **query: Any) -> Iterator[list[Json]]:
    cursor: str | None = ""
    while cursor is not None:
        answer = cloud.call("GET", f"{path}?{urlencode(query | {'cursor': cursor})}")
        assert answer.status == 200, answer
        yield answer.body[rows]
        cursor = answer.body["cursor"]


def test_the_list_is_newest_first_and_pages_lose_nothing(cloud: Client, ended: list[str]) -> None:
    """Every page is full but the last; together they are the list, each entry once."""
    pages = list(_pages(cloud, "/api/migrations", "migrations", limit=3))
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [entry["id"] for page in pages for entry in page] == ended[::-1]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"outcome": "failed"}, [4, 3, 2, 1]),
        ({"outcome": "completed"}, [0]),
        ({"outcome": "cancelled"}, [5]),
        ({"outcome": "kept"}, []),
        ({"stage": "approval"}, [6]),
        ({"stage": "finished", "outcome": "cancelled"}, [5]),
        ({"stage": "approval", "outcome": "completed"}, []),
    ],
)
def test_filters_hold_across_pages(
    cloud: Client, ended: list[str], query: Json, expected: list[int]
) -> None:
    """Stage and outcome, alone and together, also with pages smaller than what is found."""
    listed = [
        entry["id"]
        for page in _pages(cloud, "/api/migrations", "migrations", limit=2, **query)
        for entry in page
    ]
    assert listed == [ended[number] for number in expected]


def test_an_entry_says_what_the_status_says(cloud: Client, ended: list[str]) -> None:
    """Image, stage, outcome and moments in the list are those of the status."""
    (entry,) = cloud.call("GET", "/api/migrations?limit=1&outcome=cancelled").body["migrations"]
    status = cloud.status(entry["id"])
    for field in ("sourceImageId", "stage", "outcome"):
        assert entry[field] == status[field]
    assert datetime.fromisoformat(entry["acceptedAt"]) <= datetime.fromisoformat(entry["updatedAt"])


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("migrations", "stage=late", "stage"),
        ("migrations", "outcome=lost", "outcome"),
        ("migrations", "limit=0", "limit"),
        ("migrations", "limit=201", "limit"),
        ("migrations", "limit=٣", "limit"),
        ("migrations", "cursor=../..", "cursor"),
        ("images", "subscriptionId=mine", "subscriptionId"),
        ("images", "cursor=nonsense", "cursor"),
        ("images", "cursor=WzBd", "cursor"),
        ("images", "cursor=" + "W1tb" * 2000, "cursor"),
        ("galleries", "cursor=eyJhIjogMX0=", "cursor"),
        ("galleries", "limit=-1", "limit"),
    ],
)
def test_a_wrong_query_is_400_and_names_the_parameter(
    cloud: Client, path: str, query: str, field: str
) -> None:
    """Filters, limits and cursors are held to their rules."""
    answer = cloud.call("GET", f"/api/{path}?{query}")
    assert (answer.status, answer.fields) == (400, [field])


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param([0, None, "x", 0], id="an offset that is no number"),
        pytest.param([0, None, -1, 0], id="an offset before the beginning"),
        pytest.param([0, 5, 0, 0], id="no address"),
        pytest.param([0, "http://127.0.0.1:9/subscriptions/", 0, 0], id="another host"),
        pytest.param([0, "{arm}@127.0.0.1:9{images}", 0, 0], id="another host behind a user"),
        pytest.param([0, "{arm}/subscriptions?api-version=2022-12-01", 0, 0], id="another list"),
        pytest.param([0, "{arm}{images}/../virtualMachines", 0, 0], id="another path"),
        pytest.param([0, "https://[{images}", 0, 0], id="half an address"),
        pytest.param([9, "{arm}{images}", 0, 0], id="a subscription that is not there"),
    ],
)
def test_nobody_can_make_the_app_read_another_address(cloud: Client, cursor: list[Any]) -> None:
    """A cursor that the app did not make is 400, and Azure is not asked anything for it."""
    images = f"/subscriptions/{cloud.subscription}/providers/Microsoft.Compute/images"
    parts = {"{arm}": cloud.connection["arm"]["url"], "{images}": images}
    for name, value in parts.items():
        cursor = [p.replace(name, value) if isinstance(p, str) else p for p in cursor]
    before = len(cloud.arm_log())
    forged = urlsafe_b64encode(json.dumps(cursor).encode()).decode()
    answer = cloud.call("GET", f"/api/images?cursor={forged}")
    assert (answer.status, answer.fields) == (400, ["cursor"])
    assert len(cloud.arm_log()) == before


def test_images_come_in_pages_of_bounded_cost(cloud: Client) -> None:
    """Every image once, by resource group within what Azure gives at once; few calls a page."""
    expected = {cloud.add_image(f"many-{number:03}") for number in range(MANY_IMAGES)}
    seen: list[str] = []
    for page in _bounded(cloud, "/api/images", "images", limit=25):
        groups = [row["resourceGroup"] for row in page]
        assert groups == sorted(groups)
        seen += [row["id"] for row in page]
    assert len(seen) == len(set(seen))
    assert expected <= set(seen)


def test_galleries_come_in_pages_of_bounded_cost(cloud: Client) -> None:
    """Gallery, definition and version rows in order, each once, however many calls they take in all."""
    add_gallery(cloud, "empty")
    for number in range(GALLERIES):
        gallery = add_gallery(cloud, f"shelf{number}")
        for definition in range(DEFINITIONS):
            _add_definition(cloud, gallery, f"{number}-{definition}")
    rows: list[Json] = []
    for page in _bounded(cloud, "/api/galleries", "galleries", limit=7):
        assert len(page) <= 7
        rows += page
    paths = [row["path"] for row in rows]
    assert len(paths) == len(set(paths))
    for number in range(GALLERIES):
        shelf = [p for p in paths if p.startswith(f"shelf{number}/")]
        assert shelf == [f"shelf{number}/{number}-{n}" for n in range(DEFINITIONS)]
    assert "empty" in paths


def _bounded(cloud: Client, path: str, rows: str, **query: Any) -> Iterator[list[Json]]:
    """The pages of a list, each held to the calls that it may cost."""
    before = len(cloud.arm_log())
    for page in _pages(cloud, path, rows, **query):
        after = len(cloud.arm_log())
        assert after - before <= CALLS_PER_PAGE
        before = after
        yield page


def _add_definition(cloud: Client, gallery: str, name: str) -> None:
    body = {
        "location": bodies.HERE,
        "properties": {
            "osType": "Linux",
            "osState": "Generalized",
            "identifier": {"publisher": "p", "offer": "o", "sku": name},
        },
    }
    cloud.arm("PUT", f"{gallery}/images/{name}", body, GALLERY_API)


def test_a_row_of_a_version_says_where_it_is(cloud: Client, ended: list[str]) -> None:
    """Path, regions, state and source of a version that a migration made."""
    rows = [r for page in _pages(cloud, "/api/galleries", "galleries", limit=500) for r in page]
    (row,) = [r for r in rows if r["path"] == "scenarios/listed-0/1.0.0"]
    assert row["provisioningState"] == "Succeeded"
    assert sorted(row["regions"]) == ["East US 2", "West Europe"]
    assert row["sourceId"] == bodies.image_id(cloud.subscription, "listed-0")


def test_health_says_when_the_sweep_last_ran(cloud: Client) -> None:
    """It runs as the clock moves; the next run is within its hour."""
    cloud.advance("PT3H")
    health = cloud.call("GET", "/api/health").body
    last, following = (
        datetime.fromisoformat(health["sweep"][name]) for name in ("lastRun", "next")
    )
    assert (health["status"], health["sweep"]["overdue"]) == ("up", False)
    assert timedelta(0) < following - last <= timedelta(hours=1)


@pytest.mark.parametrize(
    "fault",
    [
        {"what": "reset"},
        {"what": "status", "status": 503},
        {"what": "malformed"},
        {"what": "error-body"},
    ],
)
def test_while_azure_is_down_the_app_is_up_and_says_so(cloud: Client, fault: Json) -> None:
    """Health is 200 with `arm.answers` false; lists and plans of Azure are 502; records are read on."""
    cloud.add_image("unplanned")
    assert cloud.call("GET", "/api/health").body["arm"]["answers"] is True
    cloud.faults(fault)
    health = cloud.call("GET", "/api/health")
    assert (health.status, health.body["arm"]["answers"]) == (200, False)
    assert cloud.call("GET", "/api/images").status == 502
    assert cloud.call("GET", "/api/galleries").status == 502
    plan = cloud.call("POST", "/api/plans", cloud.request("unplanned"))
    assert (plan.status, "Retry-After" in plan.headers) == (502, True)
    assert cloud.call("GET", "/api/migrations").status == 200
