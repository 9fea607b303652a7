"""Answers that no resource has: proxies, portals and half-broken gateways. None of them becomes a fact."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from activities.approvals import open_approval
from activities.definitions import ensure_definition
from activities.deletion import confirm_deletion, delete_image
from activities.images import check_image
from activities.planning import plan_migration
from activities.versions import promote_version, read_replication, start_version
from domain.migration.latch import Latch
from localcloud.arm.server.arm_cloud import ArmCloud
from tests import builders as b
from tests.activities.azure import Activity, Azure
from tests.activities.fixed_response_server import FixedResponse, fixed_responses
from tests.app import forget, records

LIES = {
    "a list": FixedResponse(body=b"[]"),
    "null": FixedResponse(body=b"null"),
    "a number": FixedResponse(body=b"7"),
    "nothing": FixedResponse(),
    "an empty object": FixedResponse(body=b"{}"),
    "204 without a body": FixedResponse(status=204),
    "a 404 of somebody else's": FixedResponse(
        status=404, body=b"<h1>Not Found</h1>", kind="text/html"
    ),
    "a 404 that says nothing": FixedResponse(status=404),
    "a sign-in page": FixedResponse(body=b"<html>Sign in</html>", kind="text/html"),
    "no UTF-8": FixedResponse(body=b'{"name": "\xff"}'),
    "a redirect": FixedResponse(status=302, headers={"Location": "https://127.0.0.1:1/"}),
    "a resource without a state": FixedResponse(
        body=b'{"id": "/x", "name": "x", "properties": {}}'
    ),
    "an error that is a text": FixedResponse(status=500, body=b'"oops"'),
    "an error that is a list": FixedResponse(status=503, body=b"[1]"),
    "an error whose error is a text": FixedResponse(status=500, body=b'{"error": "oops"}'),
}
ASKED: dict[str, Activity] = {
    "defining": ensure_definition,
    "beginning": start_version,
    "looking": read_replication,
    "checking": check_image,
    "promoting": promote_version,
    "deleting": delete_image,
    "confirming": confirm_deletion,
}


@pytest.fixture
def forget_clients() -> Iterator[None]:
    """Clients know the address that they were made for."""
    forget()
    yield
    forget()


@pytest.mark.usefixtures("forget_clients")
@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_lie_is_never_a_fact(
    azure: Azure, cloud: ArmCloud, lie: FixedResponse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every activity answers with an error, sends no write and follows no redirect."""
    state = Path(cloud.ca_file).parent
    with fixed_responses(state, lie) as (address, seen):
        monkeypatch.setenv("ARM_ENDPOINT", address)
        forget()
        planning = azure.ask(plan_migration)
        assert planning.error is not None or planning.value["kind"] == "noPlan", planning
        records().write_plan(azure.accepted.id, b.a_plan())
        azure.done(open_approval)
        for name, activity in ASKED.items():
            answer = azure.ask(activity)
            assert answer.error is not None, (name, answer)
        assert azure.written().latch == Latch()
        assert {line.split()[0] for line in seen} == {"GET"}
