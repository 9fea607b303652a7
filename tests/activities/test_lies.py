"""Answers that no resource has: proxies, portals and half-broken gateways. None of them becomes a fact."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from activities import clients, configuration
from activities.approvals import open_approval
from activities.configuration import records
from activities.definitions import ensure_definition
from activities.deletion import confirm_deletion, delete_image
from activities.images import check_image
from activities.planning import plan_migration
from activities.versions import promote_version, read_replication, start_version
from domain.migration.latch import Latch
from localcloud.arm.server.arm_cloud import ArmCloud
from tests import builders as b
from tests.activities.azure import Activity, Azure
from tests.activities.liar import Lie, lying

LIES = {
    "a list": Lie(body=b"[]"),
    "null": Lie(body=b"null"),
    "a number": Lie(body=b"7"),
    "nothing": Lie(),
    "an empty object": Lie(body=b"{}"),
    "204 without a body": Lie(status=204),
    "a 404 of somebody else's": Lie(status=404, body=b"<h1>Not Found</h1>", kind="text/html"),
    "a 404 that says nothing": Lie(status=404),
    "a sign-in page": Lie(body=b"<html>Sign in</html>", kind="text/html"),
    "no UTF-8": Lie(body=b'{"name": "\xff"}'),
    "a redirect": Lie(status=302, headers={"Location": "https://127.0.0.1:1/"}),
    "a resource without a state": Lie(body=b'{"id": "/x", "name": "x", "properties": {}}'),
    "an error that is a text": Lie(status=500, body=b'"oops"'),
    "an error that is a list": Lie(status=503, body=b"[1]"),
    "an error whose error is a text": Lie(status=500, body=b'{"error": "oops"}'),
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
    clients.compute.cache_clear()
    yield
    clients.compute.cache_clear()
    configuration.settings.cache_clear()


@pytest.mark.usefixtures("forget_clients")
@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_lie_is_never_a_fact(
    azure: Azure, cloud: ArmCloud, lie: Lie, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every activity answers with an error, sends no write and follows no redirect."""
    state = Path(cloud.ca_file).parent
    with lying(state, lie) as (address, seen):
        monkeypatch.setenv("ARM_ENDPOINT", address)
        configuration.settings.cache_clear()
        planning = azure.ask(plan_migration)
        assert planning.error is not None or planning.value["kind"] == "noPlan", planning
        records().write_plan(azure.accepted.id, b.a_plan())
        azure.done(open_approval)
        for name, activity in ASKED.items():
            answer = azure.ask(activity)
            assert answer.error is not None, (name, answer)
        assert azure.written().latch == Latch()
        assert {line.split()[0] for line in seen} == {"GET"}
