"""The Durable HTTP API: which state gives which answer, lists, purges, keys."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession
from azure.durable_functions import DurableOrchestrationClient, OrchestrationRuntimeStatus
from azure.durable_functions.models.utils import http_utils

from localcloud.durable.history import stamp
from localcloud.testing.task_hub import KEY
from packages.localcloud.tests.durable.embedded import SampleHost, host


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 60))


async def _instances(served: SampleHost) -> None:
    """One that has completed, one that waits, one that is suspended."""
    await served.start("chain", "done", 1)
    await served.start("approval", "waiting", 1)
    await served.start("changed", "held")
    await served.hub.idle()
    await served.call("POST", "/instances/held/suspend?reason=why")
    await served.hub.idle()


@pytest.mark.parametrize(
    ("method", "path", "codes"),
    [
        ("GET", "/instances/{}", (200, 202, 202, 404)),
        ("POST", "/instances/{}/raiseEvent/E", (410, 202, 202, 404)),
        ("POST", "/instances/{}/terminate", (410, 202, 202, 404)),
        ("POST", "/instances/{}/suspend", (410, 202, 500, 404)),
        ("POST", "/instances/{}/resume", (410, 500, 202, 404)),
        ("POST", "/instances/{}/rewind", (412, 412, 412, 404)),
        ("POST", "/instances/{}/restart?restartWithNewInstanceId=false", (202, 409, 409, 400)),
        ("POST", "/orchestrators/chain/{}", (202, 409, 409, 202)),
        ("DELETE", "/instances/{}", (200, 412, 412, 404)),
        ("PUT", "/instances/{}", (404, 404, 404, 404)),
    ],
)
def test_the_state_decides(tmp_path: Path, method: str, path: str, codes: tuple[int, ...]) -> None:
    """Completed, waiting, suspended and unknown instances, as the real extension answers."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            await _instances(served)
            body = 1 if "raiseEvent" in path else None
            for instance, code in zip(("done", "waiting", "held", "nosuch"), codes, strict=True):
                answer = await served.call(method, path.format(instance), body)
                assert (instance, answer[0]) == (instance, code)

    run(scenario())


def test_a_suspended_instance_shows_why(tmp_path: Path) -> None:
    """Its output is the reason, and it goes on with what came in meanwhile."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            await _instances(served)
            held = await served.status("held")
            assert (held["runtimeStatus"], held["output"]) == ("Suspended", "why")
            await served.raise_event("held", "Go", "yes")
            await served.hub.idle()
            assert (await served.status("held"))["runtimeStatus"] == "Suspended"
            await served.call("POST", "/instances/held/resume")
            await served.hub.idle()
            assert (await served.status("held"))["runtimeStatus"] == "Completed"

    run(scenario())


def test_a_start_can_be_waited_for(tmp_path: Path) -> None:
    """The bare result, the status of a failure, the links when it takes too long, 400 when it cannot be."""

    async def scenario() -> None:
        async with host(tmp_path) as served:

            async def answer(path: str, seconds: float) -> tuple[int, Any]:
                query = f"timeout={seconds}&pollingInterval=0.05"
                return (await served.call("POST", f"/orchestrators/{path}?{query}", "1"))[:2]

            assert await answer("chain/done", 10) == (200, 1)
            status, body = await answer("failing/failed", 10)
            assert (status, body["runtimeStatus"]) == (200, "Failed")
            status, body = await answer("approval/late", 0.1)
            assert (status, body["id"]) == (202, "late")
            assert (await answer("chain/never", 0.01))[0] == 400

    run(scenario())


def test_a_history_is_condensed(tmp_path: Path) -> None:
    """A task is one event, with its name; results are shown on request only."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            await served.start("chain", "c", 1)
            await served.hub.idle()
            status = await served.status("c", "?showHistory=true&showHistoryOutput=true")
            begun, task, ended = status["historyEvents"]
            assert (begun["EventType"], begun["FunctionName"]) == ("ExecutionStarted", "chain")
            assert (task["EventType"], task["FunctionName"]) == ("TaskCompleted", "note")
            assert (task["Result"], ended["OrchestrationStatus"]) == ("c-0", "Completed")
            assert not {"EventId", "IsPlayed", "TaskScheduledId"} & task.keys()
            plain = (await served.status("c", "?showHistory=true&showInput=false"))["historyEvents"]
            assert not any({"Result", "Input"} & event.keys() for event in plain)

    run(scenario())


def test_the_key_is_asked_for(tmp_path: Path) -> None:
    """401 without the system key; header and query are both taken."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            path = f"{served.url}/runtime/webhooks/durabletask/instances"
            for suffix, code in (("", 401), ("?code=wrong", 401), (f"?code={KEY}", 200)):
                async with served.session.get(path + suffix) as answer:
                    assert answer.status == code

    run(scenario())


@pytest.mark.parametrize(
    ("headers", "data", "message"),
    [
        ({"Content-Type": "text/plain"}, b"{}", "Only application/json request content"),
        ({"Content-Type": "application/json"}, b"{nope", "Invalid JSON content"),
    ],
)
def test_events_are_json(
    tmp_path: Path, headers: dict[str, str], data: bytes, message: str
) -> None:
    """Other bodies get a 400 that says so."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            await _instances(served)
            path = "/instances/waiting/raiseEvent/E"
            status, body, _ = await served.call("POST", path, headers=headers, data=data)
            assert status == 400
            assert message in body["Message"]

    run(scenario())


def test_lists_have_pages(tmp_path: Path) -> None:
    """`top` and the token lead through all instances; the last page has an empty token."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            for number in range(7):
                await served.start("chain", f"c{number}", 1)
            await served.hub.idle()
            seen, token = [], ""
            for _ in range(3):
                headers = {"x-ms-continuation-token": token} if token else {}
                _, page, answer = await served.call("GET", "/instances?top=3", headers=headers)
                seen += [item["instanceId"] for item in page]
                token = answer["x-ms-continuation-token"]
            assert seen == [f"c{number}" for number in range(7)]
            assert token == ""

    run(scenario())


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("runtimeStatus=Completed", ["done"]),
        ("RUNTIMESTATUS=Completed", ["done"]),
        ("runtimeStatus=Running,Suspended", ["held", "waiting"]),
        ("runtimeStatus=Completed&runtimeStatus=Suspended", ["done", "held"]),
        ("runtimeStatus=completed", ["done", "held", "waiting"]),
        ("instanceIdPrefix=wai", ["waiting"]),
        ("createdTimeFrom=2999-01-01", []),
        ("createdTimeTo=nonsense", ["done", "held", "waiting"]),
        ("top=0", []),
    ],
)
def test_lists_are_filtered(tmp_path: Path, query: str, found: list[str]) -> None:
    """Unknown statuses (also in another case) and unreadable times are ignored."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            await _instances(served)
            _, page, _ = await served.call("GET", f"/instances?{query}")
            assert [item["instanceId"] for item in page] == found

    run(scenario())


def test_an_entity_is_asked_to_delete_itself(tmp_path: Path) -> None:
    """The verb DELETE is the operation of that name, whatever `op` says."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            await served.call("POST", "/entities/counter/c?op=add", "2")
            await served.hub.idle()
            assert (await served.call("GET", "/entities/counter/c"))[:2] == (200, 2)
            assert (await served.call("DELETE", "/entities/counter/c?op=add"))[0] == 202
            await served.hub.idle()
            assert (await served.call("GET", "/entities/counter/c"))[0] == 404

    run(scenario())


def test_purging_by_time_spares_what_runs(tmp_path: Path) -> None:
    """A time is required; `Running` purges whatever has ended (docs/platform-notes.md#purging-by-time)."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            await _instances(served)
            since = stamp(served.clock.now() - timedelta(hours=1))
            assert (await served.call("DELETE", "/instances"))[0] == 400
            query = f"createdTimeFrom={since}&runtimeStatus="
            assert (await served.call("DELETE", f"/instances?{query}Terminated"))[0] == 404
            _, body, _ = await served.call("DELETE", f"/instances?{query}Running")
            assert body == {"instancesDeleted": 1}
            assert (await served.call("GET", "/instances/done"))[0] == 404
            assert (await served.status("waiting"))["runtimeStatus"] == "Running"

    run(scenario())


def test_the_sdks_client_works(tmp_path: Path) -> None:
    """Start, status, event, terminate, purge through the unmodified client."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            binding = json.loads(served.hub.client_binding())
            binding["rpcBaseUrl"] = f"{served.url}{urlsplit(binding['rpcBaseUrl']).path}"
            client = DurableOrchestrationClient(json.dumps(binding))
            assert await client.start_new("approval", "a", 1) == "a"
            with pytest.raises(Exception, match="already exists"):
                await client.start_new("approval", "a", 1)
            await served.hub.idle()
            await client.raise_event("a", "Approval", {"ok": True})
            await served.hub.idle()
            status = await client.get_status("a", show_history=True)
            assert status.runtime_status is OrchestrationRuntimeStatus.Completed
            # raise_event encodes twice.
            assert status.output == '{"ok": true}'
            await client.start_new("approval", "b", 1)
            await served.hub.idle()
            await client.terminate("b", "enough")
            await served.hub.idle()
            assert [s.instance_id for s in await client.get_status_all()] == ["a", "b"]
            assert (await client.purge_instance_history("b")).instances_deleted == 1
            await http_utils._close_session()

    run(scenario())


@pytest.mark.parametrize(
    ("keyed", "headers", "status"),
    [
        (False, {}, 401),
        (True, {"Origin": "https://page.example"}, 403),
        (True, {"Origin": "null"}, 403),
        (True, {"Host": "page.example"}, 403),
        (True, {"Origin": "http://127.0.0.1:5000"}, 202),
        (True, {}, 202),
    ],
)
def test_18_no_web_page_reaches_the_clients_path(
    tmp_path: Path, keyed: bool, headers: dict[str, str], status: int
) -> None:
    """It is on the app's port: the key in the path, Host and Origin are looked at."""

    async def scenario() -> None:
        async with host(tmp_path) as served, ClientSession() as session:
            await served.start("approval", "a", 1)
            await served.hub.idle()
            binding = json.loads(served.hub.client_binding())
            base = urlsplit(binding["rpcBaseUrl"]).path if keyed else "/durabletask/"
            url = f"{served.url}{base}instances/a/terminate"
            async with session.post(url, headers=headers) as answer:
                assert answer.status == status

    run(scenario())


def test_a_rewound_instance_goes_on(tmp_path: Path) -> None:
    """The failed activity runs again; here it fails again."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            await served.start("failing", "f")
            await served.hub.idle()
            first = await served.status("f")
            await served.advance(minutes=1)
            assert (await served.call("POST", "/instances/f/rewind?reason=again"))[0] == 202
            await served.hub.idle()
            again = await served.status("f")
            assert (first["runtimeStatus"], again["runtimeStatus"]) == ("Failed", "Failed")
            assert again["lastUpdatedTime"] > first["lastUpdatedTime"]

    run(scenario())
