"""Whatever is sent, the emulator answers as ARM would: with an error of its form, never a 500."""

from __future__ import annotations

import json
import socket
import ssl
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packages.localcloud.tests.arm.driving import DEFINITION, VERSION, Driver, definition, error

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e9, 1e9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def spoiled(body: Any, choice: st.DataObject) -> Any:
    """The body with one of its values, at any depth, replaced by junk."""
    if not isinstance(body, dict | list) or not body or choice.draw(st.integers(0, 4)) == 0:
        return choice.draw(JUNK)
    copy = dict(body) if isinstance(body, dict) else list(body)
    keys = sorted(copy) if isinstance(copy, dict) else range(len(copy))
    key: Any = choice.draw(st.sampled_from(keys))
    copy[key] = spoiled(copy[key], choice)
    return copy


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(choice=st.data())
def test_spoiled_bodies_get_errors_of_arms_form(arm: Driver, choice: st.DataObject) -> None:
    """Accepted or refused with code and message, for every kind of resource."""
    arm.gallery()
    arm.image()
    disk = {"osType": "Linux", "osState": "Generalized", "blobUri": "https://a.b/c.vhd"}
    bodies: dict[str, Any] = {
        "galleries/g": {
            "location": "eastus2",
            "tags": {"a": "b"},
            "properties": {"description": "d"},
        },
        DEFINITION: definition(features=[{"name": "SecurityType", "value": "Standard"}]),
        VERSION: arm.version_body(regions=("eastus2", "westus2"), endOfLifeDate="2030-01-01"),
        "images/new": {"location": "eastus2", "properties": {"storageProfile": {"osDisk": disk}}},
    }
    path = choice.draw(st.sampled_from(sorted(bodies)))
    method = choice.draw(st.sampled_from(["PUT", "PATCH"]))
    answer = arm.call(method, path, spoiled(bodies[path], choice))
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert set(answer.json()["error"]) >= {"code", "message"}


@pytest.mark.parametrize("body", ["{", "[]", '"x"', "[" * 100_000])
def test_a_body_that_is_no_object_is_refused(arm: Driver, body: str) -> None:
    """400 InvalidRequestContent, however it is broken."""
    arm.image()
    url = f"{arm.cloud.url}{arm.id('galleries/g')}?api-version=2024-03-03"
    answer = arm.session.put(url, data=body, timeout=10)
    assert error(answer) == (400, "InvalidRequestContent")


@pytest.mark.parametrize("query", [{"$top": "many"}, {"$skiptoken": "x"}, {"$top": "-1"}])
def test_options_of_lists_must_be_numbers(arm: Driver, query: dict[str, str]) -> None:
    """400, not a broken list."""
    arm.image()
    assert error(arm.call("GET", "images", query=query)) == (400, "InvalidParameter")


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "images"), ("DELETE", "galleries"), ("OPTIONS", "images/x")]
)
def test_methods_that_make_no_sense(arm: Driver, method: str, path: str) -> None:
    """405 on collections and for methods ARM does not have."""
    arm.image()
    assert error(arm.call(method, path, {})) == (405, "MethodNotAllowed")


def test_a_byte_order_mark_is_no_part_of_a_body(arm: Driver) -> None:
    """Files written on Windows begin with one, and `curl -d @file` sends it."""
    body = b"\xef\xbb\xbf" + json.dumps({"location": "eastus2"}).encode()
    url = f"{arm.cloud.url}{arm.group}?api-version=2024-11-01"
    assert arm.session.put(url, data=body, timeout=10).status_code in (200, 201)


def test_a_client_that_asks_first_may_send_its_body(arm: Driver) -> None:
    """`Expect: 100-continue`, as curl sends it with long bodies, is answered before the body comes."""
    body = json.dumps({"location": "eastus2"}).encode()
    context = ssl.create_default_context(cafile=arm.cloud.ca_file)
    port = int(arm.cloud.url.rpartition(":")[2])
    head = (
        f"PUT {arm.group}?api-version=2024-11-01 HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: {arm.session.headers['Authorization']!s}\r\n"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(head.encode())
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert connection.recv(1000).startswith(b"HTTP/1.1 201")
