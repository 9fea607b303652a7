"""The Event Grid webhook, held to the recordings of the real extension."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from multidict import CIMultiDict
from yarl import URL

from localcloud.host import newtonsoft
from localcloud.host.app import App
from localcloud.host.keys import system_key
from packages.localcloud.tests.host.apps import SHARED, served, write_app

RECORDED = SHARED / "functions" / "eventgrid.json"
needs_recordings = pytest.mark.skipif(not RECORDED.exists(), reason=f"{RECORDED} is not there")
# The functions of the recordings; a str parameter gets the text that the worker is sent.
APP = """
import json, time
app = func.FunctionApp()
SEEN = []

def see(name, event):
    SEEN.append((name, event))

@app.event_grid_trigger(arg_name="event")
def OkObj(event: str) -> None:
    see("OkObj", event)

@app.event_grid_trigger(arg_name="event")
def OkStr(event: str) -> None:
    see("OkStr", event)

@app.event_grid_trigger(arg_name="event")
def Throws(event: str) -> None:
    see("Throws", event)
    raise ValueError("always")

@app.event_grid_trigger(arg_name="event")
def Picky(event: str) -> None:
    see("Picky", event)
    if json.loads(event)["data"].get("fail"):
        raise ValueError("picky")

@app.event_grid_trigger(arg_name="event")
async def Slow(event: str) -> None:
    see("Slow", event)

@app.event_grid_trigger(arg_name="event")
def SlowSync(event: str) -> None:
    see("SlowSync", event)

@app.event_grid_trigger(arg_name="event", cardinality="many")
def ManyObj(event: str) -> None:
    see("ManyObj", event)

@app.event_grid_trigger(arg_name="event", cardinality="many")
def ManyStr(event: str) -> None:
    see("ManyStr", event)

@app.event_grid_trigger(arg_name="event", cardinality="many")
def ManyPicky(event: str) -> None:
    see("ManyPicky", event)
    if any(e["data"].get("fail") for e in json.loads(event)):
        raise ValueError("picky")
"""
LEFT_OUT = {
    "Typed": "parameter types that only .NET has",
    "client_disconnects": "nothing is answered",
    "single_quotes": "a dialect of JSON that Event Grid does not send",
    "validation_code_datelike": "Event Grid's codes are GUIDs",
    "notification_dates_host_in_berlin": "this host's zone is UTC",
}


def left_out(row: dict[str, Any]) -> bool:
    return any(name in row["name"] or name in row["request"]["path"] for name in LEFT_OUT) or (
        # A long body is recorded as its length and hash.
        isinstance(row["request"]["body"], dict)
    )


def rows() -> list[dict[str, Any]]:
    if not RECORDED.exists():
        return []
    return [row for row in json.loads(RECORDED.read_text()) if not left_out(row)]


def body_of(row: dict[str, Any]) -> bytes | None:
    body: str | None = row["request"]["body"]
    if body is None:
        return None
    return bytes.fromhex(body[4:]) if body.startswith("hex:") else body.encode()


async def send(client: TestClient[Any, Any], row: dict[str, Any], key: str) -> dict[str, Any]:
    path = row["request"]["path"]
    path = path.replace("code=KEY", f"code={key}") if "code=" in path else with_key(path, key)
    url = client.make_url("/").join(URL(path, encoded=True))
    answer = await client.session.request(
        row["request"]["method"],
        url,
        headers=CIMultiDict((name, value) for name, value in row["request"]["headers"]),
        data=body_of(row),
        skip_auto_headers=["Content-Type", "User-Agent", "Accept"],
    )
    return {"status": answer.status, "headers": answer.headers, "body": await answer.text()}


def with_key(path: str, key: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}code={key}"


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The answer and the invocations of this host for each recorded request."""
    folder = tmp_path_factory.mktemp("eventgrid")
    worker = App.load(write_app(folder / "app", APP))
    seen: list[tuple[str, str]] = worker.functions[0].handler.__globals__["SEEN"]

    async def run() -> dict[str, Any]:
        answers = {}
        async with served(worker, folder) as (client, keys):
            for row in rows():
                seen.clear()
                answers[row["name"]] = await send(client, row, keys[system_key("eventgrid")])
                answers[row["name"]]["invocations"] = list(seen)
        return answers

    try:
        return asyncio.run(run())
    finally:
        worker.stop()


@needs_recordings
@pytest.mark.parametrize("row", rows(), ids=lambda row: row["name"])
def test_answers_are_the_recorded_ones(row: dict[str, Any], observed: dict[str, Any]) -> None:
    """Status, body and the headers that matter."""
    actual, expected = observed[row["name"]], row["response"]
    assert actual["status"] == expected["status"]
    assert actual["body"] == expected["body"]
    for name, value in expected["headers"].items():
        assert actual["headers"].get(name) == value


@needs_recordings
@pytest.mark.parametrize("row", rows(), ids=lambda row: row["name"])
def test_functions_get_the_recorded_events(row: dict[str, Any], observed: dict[str, Any]) -> None:
    """The same functions with the same events: compact JSON, to the letter where it was recorded so."""
    expected = sorted(map(received, row["invocations"]))
    assert sorted(observed[row["name"]]["invocations"]) == expected


def received(invocation: dict[str, Any]) -> tuple[str, str]:
    """Return the function and the text that a Python worker would have got, whatever the .NET parameter's type."""
    text = invocation["received"]
    if isinstance(text, list):
        return invocation["function"], newtonsoft.dump([newtonsoft.parse(item) for item in text])
    if invocation["parameter_type"] == "string":
        text = newtonsoft.dump(newtonsoft.parse(text))
    return invocation["function"], text


@pytest.fixture
def worker(tmp_path: Path) -> Any:
    worker = App.load(write_app(tmp_path / "app", APP))
    yield worker
    worker.stop()


@pytest.mark.parametrize(("offered", "status"), [(None, 401), ("wrong", 401), ("host", 403)])
def test_only_the_system_key_opens_the_webhook(
    worker: App, tmp_path: Path, offered: str | None, status: int
) -> None:
    """Another key of the host is 403, any other text 401; nothing is invoked."""

    async def answered() -> int:
        async with served(worker, tmp_path) as (client, keys):
            code = {"code": keys["host"] if offered == "host" else offered} if offered else {}
            query = {"functionName": "OkObj", **code}
            answer = await client.post("/runtime/webhooks/EventGrid", params=query, data=b"[]")
            return answer.status

    assert asyncio.run(answered()) == status
    assert worker.functions[0].handler.__globals__["SEEN"] == []


def test_dates_and_numbers_change_as_newtonsoft_changes_them() -> None:
    """The table of values that do not come through as they were sent, and some that do."""
    sent = """{"z": "2026-03-01T10:15:30.1230000Z", "plus": "2026-03-01T10:15:30+02:00", "e": 1e3,
        "hours": "2026-03-01T10:15:30.5+02",
        "none": "2026-03-01T10:15:30.0", "long": "2026-03-01T10:15:30.123456789Z",
        "day": "2026-03-01", "no-date": "2026-02-30T10:15:30.10Z", "f": 1.10}"""
    assert newtonsoft.dump(newtonsoft.parse(sent)) == (
        '{"z":"2026-03-01T10:15:30.123Z","plus":"2026-03-01T08:15:30+00:00","e":1000.0,'
        '"hours":"2026-03-01T08:15:30.5+00:00",'
        '"none":"2026-03-01T10:15:30","long":"2026-03-01T10:15:30.123456789Z",'
        '"day":"2026-03-01","no-date":"2026-02-30T10:15:30.10Z","f":1.1}'
    )


@pytest.mark.parametrize("body", [b"[1, 2]", b'[{"id": "1"}, 2]', b"[null]"])
def test_a_batch_with_what_is_no_object_is_not_handed_on(
    worker: App, tmp_path: Path, body: bytes
) -> None:
    """To a function of cardinality many; the request fails with the host's own message."""

    async def answered() -> tuple[int, str]:
        async with served(worker, tmp_path) as (client, keys):
            query = {"functionName": "ManyObj", "code": keys[system_key("eventgrid")]}
            headers = {"aeg-event-type": "Notification"}
            path = "/runtime/webhooks/EventGrid"
            answer = await client.post(path, params=query, data=body, headers=headers)
            return answer.status, await answer.text()

    message = "Exception while executing function: Functions.ManyObj"
    assert asyncio.run(answered()) == (500, message)
    assert worker.functions[0].handler.__globals__["SEEN"] == []
