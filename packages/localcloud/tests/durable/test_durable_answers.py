"""The Durable HTTP API: its texts when it refuses, and the fields that came with the extension 3.19.0.

The words were got from the real extension: `func` of ../shared/tools/functions-host, asked the same.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from packages.localcloud.tests.durable.embedded import SampleHost, host

READER = "Newtonsoft.Json.JsonReaderException"
INVALID = "Invalid JSON content"
WRONG = "Something went wrong while processing your request"
JSON = {"Content-Type": "application/json"}


def asked(state: Path, method: str, path: str, body: bytes | None = None) -> tuple[int, Any, Any]:
    """Status, body and headers when an instance `waiting` runs."""

    async def scenario() -> tuple[int, Any, Any]:
        async with host(state) as served:
            await served.start("approval", "waiting", 1)
            await served.hub.idle()
            headers = JSON if body is not None else {}
            return await _raw(served, method, path, body, headers)

    return asyncio.run(asyncio.wait_for(scenario(), 60))


async def _raw(
    served: SampleHost, method: str, path: str, body: bytes | None, headers: dict[str, str]
) -> tuple[int, Any, Any]:
    return await served.call(method, path, data=body, headers=headers)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "Error reading JToken from JsonReader. Path '', line 0, position 0."),
        (b" ", "Error reading JToken from JsonReader. Path '', line 1, position 1."),
        (b"{", "Error reading JObject from JsonReader. Path '', line 1, position 1."),
        (
            b'{"a":1',
            "Unexpected end of content while loading JObject. Path 'a', line 1, position 6.",
        ),
        (
            b"nope",
            "Unexpected character encountered while parsing value: n. Path '', line 0, position 0.",
        ),
        (
            b'{"a" 1}',
            "Invalid character after parsing property name. Expected ':' but got: 1. Path '', line 1, position 5.",
        ),
    ],
)
def test_an_event_that_is_no_json_is_refused(tmp_path: Path, body: bytes, text: str) -> None:
    """An empty body too, with the class of the exception and Newtonsoft's words."""
    status, answer, _ = asked(tmp_path, "POST", "/instances/waiting/raiseEvent/E", body)

    assert (status, answer["Message"], answer["ExceptionType"]) == (400, INVALID, READER)
    assert answer["ExceptionMessage"] == text
    assert "StackTrace" in answer


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        (b"{", 500, "Unexpected end when reading JSON. Path '', line 1, position 1."),
        (b'{"a":', 500, "Unexpected end when deserializing object. Path 'a', line 1, position 5."),
        (b"[1,", 500, "Unexpected end when reading token. Path ''."),
        (b"tru", 400, "Unexpected end when reading JSON. Path '', line 1, position 3."),
        (b"1.2.3", 400, "Input string '1.2.3' is not a valid number. Path '', line 1, position 5."),
        (
            b"1 2",
            400,
            "Additional text encountered after finished reading JSON content: 2. Path '', line 1, position 2.",
        ),
    ],
)
def test_an_input_that_ends_too_early_is_the_servers_error(
    tmp_path: Path, body: bytes, status: int, text: str
) -> None:
    """A body that is wrong before its end is the client's error."""
    got, answer, _ = asked(tmp_path, "POST", "/orchestrators/chain/new", body)

    assert (got, answer["Message"]) == (status, WRONG if status == 500 else INVALID)
    assert answer["ExceptionMessage"] == text


def test_a_running_instance_is_not_purged(tmp_path: Path) -> None:
    """412 with a text that names its status."""
    status, answer, _ = asked(tmp_path, "DELETE", "/instances/waiting")

    assert status == 412
    assert answer == (
        "Only orchestrations in a terminal state can be purged,"
        " but the orchestration with instance ID waiting has status Running"
    )


@pytest.mark.parametrize("token", ["garbage", "%%%", "null", "/w=="])
def test_nothing_comes_behind_a_token_that_is_none(tmp_path: Path, token: str) -> None:
    """An empty page, for instances and for entities."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            await served.start("chain", "one", 1)
            await served.hub.idle()
            for path in ("/instances", "/entities"):
                headers = {"x-ms-continuation-token": token}
                assert (await served.call("GET", path, headers=headers))[:2] == (200, [])

    asyncio.run(asyncio.wait_for(scenario(), 60))


@pytest.mark.parametrize("path", ["/instances/waiting", "/instances", "/instances/nosuch"])
def test_an_unknown_connection_is_the_servers_error(tmp_path: Path, path: str) -> None:
    """On every route."""
    status, answer, _ = asked(tmp_path, "GET", f"{path}?connection=Nope")

    assert (status, answer["Message"]) == (500, WRONG)
    assert (
        answer["ExceptionMessage"] == "Unable to resolve the Azure Storage connection named 'Nope'."
    )


def test_answers_are_compact_json_with_a_charset(tmp_path: Path) -> None:
    """As .NET writes them."""
    _, _, headers = asked(tmp_path, "GET", "/instances/waiting")

    assert headers["Content-Type"] == "application/json; charset=utf-8"


def test_a_status_names_version_and_parent_if_there_are_any(tmp_path: Path) -> None:
    """And the end of a child in the parent's history names the child."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            await served.call("POST", "/orchestrators/parent/mother?version=", json.dumps("child"))
            await served.call("POST", "/orchestrators/chain/versioned?version=7.1", json.dumps("1"))
            await served.hub.idle()
            _, listed, _ = await served.call("GET", "/instances")
            by_id = {item["instanceId"]: item for item in listed}
            children = [item for item in listed if item.get("parentInstanceId") == "mother"]
            assert children
            assert by_id["versioned"]["version"] == "7.1"
            assert not {"version", "parentInstanceId"} & set(by_id["mother"])
            history = (await served.status("mother", "?showHistory=true"))["historyEvents"]
            ended = [e for e in history if e["EventType"].startswith("SubOrchestrationInstance")]
            assert {e["InstanceId"] for e in ended} == {item["instanceId"] for item in children}

    asyncio.run(asyncio.wait_for(scenario(), 60))
