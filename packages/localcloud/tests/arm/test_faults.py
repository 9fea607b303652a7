"""Faults as data: each kind on the wire, which calls they take, and the control API for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp import web

from localcloud.arm.server.arm_cloud import ArmCloud
from localcloud.arm.server.listening import listen, routed
from localcloud.testing.running_arm import MovableTime
from packages.localcloud.tests.arm.driving import DEFINITION, VERSION, Driver, error

BROKEN = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


class Controlled(Driver):
    """A driver that also speaks to the control API, as a script in any language would."""

    control = ""

    def faults(self, *rules: Any, **more: Any) -> requests.Response:
        """Set rules through the control API."""
        body = {"rules": list(rules), **more}
        return requests.post(f"{self.control}/faults", json=body, timeout=10)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Any other call of the control API that must succeed."""
        answer = requests.request(method, self.control + path, json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def controlled(state: Path) -> Iterator[Controlled]:
    """A cloud with its control API on a port."""
    time, loop = MovableTime(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    cloud = ArmCloud(state, now=time.now)
    runners: list[web.BaseRunner] = []

    async def start() -> int:
        await cloud.start()
        control = web.Application()
        control.add_routes(cloud.control_routes())
        return await listen(runners, routed(control), 0, None)

    async def stop() -> None:
        await cloud.stop()
        for runner in runners:
            await runner.cleanup()

    port = asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    try:
        driver = Controlled(cloud, time)
        driver.control = f"http://127.0.0.1:{port}"
        yield driver
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controlled]:
    """One cloud with a control API for this module."""
    with controlled(tmp_path_factory.mktemp("cloud")) as driver:
        yield driver


@pytest.fixture
def arm(one: Controlled) -> Controlled:
    """That cloud, empty and without faults, with an image `web`."""
    one.cloud.reset()
    one.image()
    return one


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_an_error_status(arm: Controlled, status: int) -> None:
    """Its body has ARM's form; a 429 is Compute's; the write does not take effect."""
    arm.faults({"what": "status", "status": status, "method": "PUT", "retryAfter": 17})
    refused = arm.call("PUT", "galleries/g", {"location": "eastus2"})
    assert refused.status_code == status
    assert refused.headers["Retry-After"] == "17"
    expected = {429: "OperationNotAllowed", 502: "BadGateway"}.get(status)
    assert expected in (None, error(refused)[1])
    assert arm.call("GET", "galleries/g").status_code == 404


@pytest.mark.parametrize("what", ["status", "malformed", "error-body"])
def test_answers_made_by_faults_have_azures_headers(arm: Controlled, what: str) -> None:
    """The ids that a caller gives to Microsoft's support, and that nothing may keep the answer."""
    arm.faults({"what": what})
    sent = {"x-ms-correlation-request-id": "mine"}
    headers = arm.call("GET", "images/web", headers=sent).headers
    assert headers["x-ms-correlation-request-id"] == "mine"
    assert headers["x-ms-request-id"] in headers["x-ms-routing-request-id"]
    assert headers["Cache-Control"] == "no-cache"


def test_retry_after_as_a_date(arm: Controlled) -> None:
    """The date lies that many seconds ahead of the emulated clock."""
    arm.faults({"what": "status", "status": 429, "retryAfter": 60, "retryAfterDate": True})
    date = parsedate_to_datetime(arm.call("GET", "images/web").headers["Retry-After"])
    assert (date - arm.time.now()).total_seconds() == 60


@pytest.mark.parametrize(("when", "exists"), [("before", False), ("after", True)])
def test_a_broken_connection(arm: Controlled, when: str, exists: bool) -> None:
    """Before: nothing has happened. After: the write took effect and its answer is lost."""
    arm.faults({"what": "reset", "when": when, "method": "PUT", "count": 1})
    with pytest.raises(BROKEN):
        arm.call("PUT", "galleries/g", {"location": "eastus2"})
    assert (arm.call("GET", "galleries/g").status_code == 200) is exists
    status = {line["method"]: line["status"] for line in arm.ask("GET", "/requests")["requests"]}
    assert status["PUT"] == (201 if exists else 0)


@pytest.mark.parametrize(("when", "exists"), [("before", False), ("after", True)])
def test_a_timeout(arm: Controlled, when: str, exists: bool) -> None:
    """No answer comes; whether the write took effect is what `when` says."""
    arm.faults({"what": "timeout", "when": when, "method": "PUT", "count": 1})
    with pytest.raises(requests.Timeout):
        arm.session.put(
            f"{arm.cloud.url}{arm.id('galleries/g')}?api-version=2024-03-03",
            json={"location": "eastus2"},
            timeout=0.3,
        )
    assert (arm.call("GET", "galleries/g").status_code == 200) is exists


def test_answers_that_are_not_what_they_seem(arm: Controlled) -> None:
    """Truncated, malformed, an error under 200, the wrong content type, slow."""
    arm.faults({"what": "truncated", "when": "after", "count": 1})
    with pytest.raises(BROKEN):
        arm.call("GET", "images/web")
    arm.faults({"what": "malformed", "count": 1})
    malformed = arm.call("GET", "images/web")
    assert malformed.status_code == 200
    with pytest.raises(ValueError, match="Expecting"):
        malformed.json()
    arm.faults({"what": "error-body", "count": 1, "code": "Boom", "message": "it broke"})
    assert error(arm.call("GET", "images/web")) == (200, "Boom")
    arm.faults({"what": "content-type", "when": "after", "count": 1})
    assert arm.call("GET", "images/web").headers["Content-Type"].startswith("text/html")
    arm.faults({"what": "slow", "seconds": 0.2, "count": 1})
    assert arm.call("GET", "images/web").elapsed.total_seconds() >= 0.2


@pytest.mark.parametrize("seconds", [300, -300])
def test_a_clock_that_is_wrong(arm: Controlled, seconds: int) -> None:
    """The right answer says another time, ahead or behind."""
    right = arm.call("GET", "images/web")
    arm.faults({"what": "date", "seconds": seconds})
    wrong = arm.call("GET", "images/web")
    assert (wrong.status_code, wrong.json()) == (200, right.json())
    times = [parsedate_to_datetime(answer.headers["Date"]) for answer in (right, wrong)]
    assert (times[1] - times[0]).total_seconds() == seconds


def test_a_held_request_waits_for_its_release(arm: Controlled) -> None:
    """GET /faults shows it while it waits, so a script can kill a client at this very point."""
    arm.faults({"what": "hold", "method": "DELETE", "path": "images/web", "name": "gate"})
    answers: list[requests.Response] = []
    caller = threading.Thread(target=lambda: answers.append(arm.call("DELETE", "images/web")))
    caller.start()
    held: list[Any] = []
    while not held:
        held = arm.ask("GET", "/faults")["held"]
    assert (held[0]["method"], held[0]["when"]) == ("DELETE", "before")
    assert arm.state("images/web") == "Succeeded"
    arm.ask("POST", "/faults", {"release": [held[0]["id"]]})
    caller.join(10)
    assert [answer.status_code for answer in answers] == [202]
    assert arm.ask("GET", "/faults")["held"] == []


def test_which_calls_a_rule_takes(arm: Controlled) -> None:
    """The n-th, every n-th, at most so many; method and path choose what is counted."""
    rules: dict[str, Any] = {
        "nth": {"nth": 3},
        "every": {"every": 2},
        "count": {"count": 2},
        "path": {"path": "images/other"},
        "method": {"method": "PUT|DELETE"},
    }
    expected = {"nth": [3], "every": [2, 4, 6], "count": [1, 2], "path": [], "method": []}
    for name, choice in rules.items():
        arm.ask("DELETE", "/faults")
        arm.faults({"what": "status", "status": 500, **choice})
        struck = [n for n in range(1, 7) if arm.call("GET", "images/web").status_code == 500]
        assert struck == expected[name], name


def test_draws_are_repeated_from_the_seed(arm: Controlled) -> None:
    """The same seed strikes the same calls, another seed others."""

    def struck(seed: int) -> list[int]:
        arm.ask("DELETE", "/faults")
        arm.faults({"what": "status", "probability": 0.5}, seed=seed)
        return [n for n in range(30) if arm.call("GET", "images/web").status_code == 500]

    assert struck(1) == struck(1) != struck(2)
    assert arm.ask("GET", "/faults")["seed"] == 2


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"what": "explode"}, "what must be one of"),
        ({"what": "reset", "then": 1}, "unknown field then"),
        ({"what": "reset", "when": "later"}, "when must be one of before, after"),
        ({"what": "reset", "path": "("}, "no regular expression"),
        ({"what": "reset", "nth": "2"}, "nth"),
        ({"what": "slow", "seconds": -1}, "seconds must be a number of 0 or more"),
        ({"what": "unseen"}, "rows must say"),
        ({"what": "unseen", "rows": "("}, "rows is no regular expression"),
        ({"what": "status", "client": "("}, "client is no regular expression"),
        ({"what": "graph"}, "outcome must be one of lag, truncated, limit"),
        ({"what": "graph", "outcome": "stall"}, "outcome must be one of lag, truncated, limit"),
        ({"what": "replication", "outcome": "lag"}, "outcome must be one of fail, late"),
        ({"what": "graph", "outcome": "truncated", "size": 0}, "size must be a whole number"),
        ([], "a rule is an object"),
    ],
)
def test_a_rule_that_cannot_be_read_names_its_field(arm: Controlled, rule: Any, says: str) -> None:
    """400, and no rule is set."""
    answer = arm.faults(rule)
    assert answer.status_code == 400
    assert says in answer.json()["error"]
    assert arm.ask("GET", "/faults")["rules"] == []


def test_a_region_can_be_made_to_fail_or_dawdle(arm: Controlled) -> None:
    """Replication rules act on the versions whose PUT they match, and only on those."""
    arm.gallery()
    fail = {"what": "replication", "path": "versions/1.0.0", "region": "westus2"}
    arm.faults(fail | {"outcome": "fail", "message": "no space"})
    arm.version(regions=("eastus2", "westus2"))
    arm.pass_time(hours=2)
    status = arm.get(VERSION, expand="ReplicationStatus")["properties"]["replicationStatus"]
    assert status["summary"][1]["details"] == "no space"
    arm.faults({"what": "replication", "path": "/2.0.0", "outcome": "late", "seconds": 3600})
    second = f"{DEFINITION}/versions/2.0.0"
    arm.version(second)
    arm.pass_time(minutes=30)
    late = arm.get(second, expand="ReplicationStatus")["properties"]
    assert late["provisioningState"] == "Succeeded"
    assert late["replicationStatus"]["aggregatedState"] == "InProgress"


def test_the_control_api_adds_images_and_shows_everything(arm: Controlled) -> None:
    """POST /images as ARM would return one; /state holds states and tombstones; /requests all."""
    body = {
        "id": arm.id("images/posted"),
        "location": "eastus2",
        "tags": {"a": "b"},
        "createdTime": "2024-03-11T09:14:52.1270319Z",
        "properties": {"storageProfile": {"osDisk": {"osType": "Linux"}}},
    }
    added = arm.ask("POST", "/images", body)
    assert added["properties"]["provisioningState"] == "Succeeded"
    arm.call("DELETE", "images/web", headers={"x-ms-client-request-id": "c-1"})
    arm.pass_time(minutes=1)
    state = arm.ask("GET", "/state")
    resources = {r["id"]: r for r in state["resources"]}
    assert resources[body["id"]]["createdTime"].startswith("2024-03-11T09:14:52.12")
    assert [stone["id"] for stone in state["deleted"]] == [arm.id("images/web")]
    last = arm.ask("GET", "/requests")["requests"][-1]
    assert state["deleted"][0]["correlationId"] == last["correlationId"]
    assert (last["method"], last["status"], last["clientRequestId"]) == ("DELETE", 202, "c-1")
    wrong = requests.post(f"{arm.control}/images", json={"id": "x"}, timeout=10)
    assert (wrong.status_code, "id" in wrong.json()["error"]) == (400, True)


def test_a_subscription_is_added_through_the_control_api(one: Controlled) -> None:
    """Its id is answered, and ARM has it from then on."""
    added = one.ask("POST", "/subscriptions")["subscriptionId"]
    assert added in one.cloud.subscription_ids
    listed = one.call("GET", "/subscriptions", api="2022-12-01").json()["value"]
    assert added in [line["subscriptionId"] for line in listed]
    group = f"/subscriptions/{added}/resourceGroups/there"
    assert one.call("PUT", group, {"location": "eastus2"}).status_code == 201
