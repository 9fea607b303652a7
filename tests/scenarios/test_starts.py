"""Starting: one winner, the same request gets the running one, any other is a conflict, Azure may be down."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.scenarios.answers import Answer
from tests.scenarios.bodies import Json
from tests.scenarios.client import Client

TOGETHER = 16


def _post_all(cloud: Client, requests: list[Json]) -> list[Answer]:
    with ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(lambda body: cloud.call("POST", "/api/migrations", body), requests))


def test_of_many_equal_starts_at_once_one_wins(cloud: Client) -> None:
    """Exactly one 202; the others are told the same migration with 200."""
    cloud.add_image("race")
    answers = _post_all(cloud, [cloud.request("race", delete=False)] * TOGETHER)
    assert Counter(answer.status for answer in answers) == {202: 1, 200: TOGETHER - 1}
    assert len({answer.body["id"] for answer in answers}) == 1
    (status,) = cloud.finish(answers[0].body["id"])
    assert (status["attempt"], status["outcome"]) == (1, "completed")
    puts = [line for line in cloud.arm_log("PUT") if "/images/race/versions/" in line["path"]]
    assert len(puts) == 2, "one to make the version, one to promote it"


def test_of_many_different_starts_at_once_one_wins(cloud: Client) -> None:
    """Exactly one 202; every other body for that image is a conflict that names the winner."""
    cloud.add_image("contest")
    requests = [
        cloud.request("contest", delete=False, imageVersion=f"1.0.{n}") for n in range(TOGETHER)
    ]
    answers = _post_all(cloud, requests)
    assert Counter(answer.status for answer in answers) == {202: 1, 409: TOGETHER - 1}
    winner = next(answer.body["id"] for answer in answers if answer.status == 202)
    assert {a.body["migrationId"] for a in answers if a.status == 409} == {winner}
    cloud.finish(winner)


def test_a_request_that_means_the_same_gets_the_running_migration(cloud: Client) -> None:
    """Region spelling and order, case of ids, defaults written out: 200, the same id, its Location."""
    migration = cloud.begin("same")
    body = cloud.request("same")
    body["sourceImageId"] = body["sourceImageId"].lower()
    body["galleryId"] = body["galleryId"].upper().replace("/SUBSCRIPTIONS", "/subscriptions")
    body["targetRegions"] = [
        {"name": "westeurope", "replicaCount": 2, "storageAccountType": "Standard_LRS"},
        {"name": "EastUS2", "replicaCount": 1},
        {"name": "East US 2"},
    ]
    body |= {"replicationMode": "Full", "approval": {"timeout": "PT72H"}, "endOfLifeDate": None}
    answer = cloud.call("POST", "/api/migrations", body)
    assert (answer.status, answer.body["id"]) == (200, migration), answer
    assert answer.headers["Location"] == f"/api/migrations/{migration}"
    other = cloud.call("POST", "/api/migrations", body | {"excludeFromLatest": True})
    assert (other.status, other.body["migrationId"]) == (409, migration)
    cloud.cancel(migration)


def test_a_202_says_where_to_look_and_when(cloud: Client) -> None:
    """Location, Retry-After, and the whole status as the body."""
    cloud.add_image("polite")
    answer = cloud.call("POST", "/api/migrations", cloud.request("polite"))
    assert answer.status == 202
    assert answer.headers["Location"] == f"/api/migrations/{answer.body['id']}"
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.body["stage"] == "planning"
    assert answer.body["outcome"] is None
    cloud.cancel(answer.body["id"])


def test_while_azure_is_down_a_start_is_accepted_and_planned_later(cloud: Client) -> None:
    """202 without a plan; the workflow plans when Azure answers again, and finds what is wrong, too."""
    cloud.add_image("patient")
    cloud.faults({"what": "reset", "path": "/providers/Microsoft.Compute/"})
    answers = [
        cloud.call("POST", "/api/migrations", cloud.request(name, delete=False))
        for name in ("patient", "missing")
    ]
    assert [answer.status for answer in answers] == [202, 202]
    cloud.advance("PT30M")
    migrations = [answer.body["id"] for answer in answers]
    assert [cloud.status(m)["stage"] for m in migrations] == ["planning", "planning"]
    cloud.no_faults()
    patient, missing = cloud.finish(*migrations)
    assert patient["outcome"] == "completed"
    assert missing["outcome"] == "failed"
    assert "sourceImageId" in missing["reason"]


@pytest.mark.parametrize("dated", [False, True], ids=["in seconds", "as a date"])
def test_a_throttled_call_waits_as_long_as_azure_says(cloud: Client, *, dated: bool) -> None:
    """429 with Retry-After: no call comes before, the next one comes soon after, none is lost."""
    # A date is compared with Azure's clock, not the machine's.
    cloud.advance("P2D")
    name = f"throttled-{'date' if dated else 'seconds'}"
    cloud.faults(
        {
            "what": "status",
            "status": 429,
            "retryAfter": 420,
            "retryAfterDate": dated,
            "method": "PUT",
            "path": f"/images/{name}/versions/",
            "count": 2,
        }
    )
    migration = cloud.begin(name, delete=False)
    (status,) = cloud.finish(migration)
    assert status["outcome"] == "completed"
    puts = [line for line in cloud.arm_log("PUT") if f"/images/{name}/versions/" in line["path"]]
    assert [line["status"] for line in puts[:3]] == [429, 429, 201]
    at = [datetime.fromisoformat(line["time"]) for line in puts[:3]]
    waits = [later - earlier for earlier, later in pairwise(at)]
    assert all(timedelta(seconds=419) <= wait <= timedelta(seconds=425) for wait in waits), waits


def test_a_write_whose_answer_is_lost_is_not_lost(cloud: Client) -> None:
    """Every write of a migration takes effect and its answer breaks off: it completes, and writes no more often
    than it must."""
    lost = {"what": "reset", "when": "after", "count": 1}
    written = {
        "PUT": [r"/galleries/scenarios/images/lost\?", "/images/lost/versions/"],
        "DELETE": [r"Compute/images/lost\?"],
    }
    cloud.faults(*(lost | {"method": m, "path": p} for m, paths in written.items() for p in paths))
    migration = cloud.begin("lost")
    cloud.advance_to_stage("approval", migration)
    cloud.faults(lost | {"method": "PUT", "path": "/images/lost/versions/"})
    assert cloud.decide(migration).status == 200
    (status,) = cloud.finish(migration)
    assert (status["outcome"], status["result"]["image"]) == ("completed", "deleted")
    calls = [line["path"].split("?")[0] for line in cloud.arm_log("PUT", "DELETE")]
    counts = Counter(path.rpartition("/images/")[2] for path in calls if "/images/lost" in path)
    assert counts["lost/versions/1.0.0"] == 2, "one to make the version, one to promote it"
    assert counts["lost"] <= 3, "the definition once, the image at most twice"
