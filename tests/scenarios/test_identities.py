"""Two identities: everything but deletions works with one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.identities import DELETER, PUBLISHER
from domain.deletion.permission import NO_DELETER, NOT_PERMITTED
from tests.scenarios.bodies import Json
from tests.scenarios.client import Client
from tests.scenarios.conftest import a_cloud, add_gallery


@pytest.fixture
def without_deleter(tmp_path: Path) -> Iterator[Client]:
    """A local cloud whose app has one identity."""
    with a_cloud(tmp_path, more={"DELETER_CLIENT_ID": ""}) as client:
        add_gallery(client)
        yield client


def test_without_a_deleter_all_else_works(without_deleter: Client) -> None:
    """The plan warns, nobody is asked, the version is promoted, and the reason names the setting."""
    cloud = without_deleter
    migration = cloud.begin("one-identity")
    plan = cloud.call(
        "POST", "/api/plans", cloud.request("one-identity", deletion={"enabled": True})
    )
    assert NO_DELETER in plan.body["warnings"]
    (status,) = cloud.finish(migration)
    assert (status["outcome"], status["result"]["image"]) == ("kept", "kept")
    assert status["reason"] == NOT_PERMITTED
    version = cloud.version("one-identity")
    assert version is not None
    assert version["properties"]["publishingProfile"]["excludeFromLatest"] is False
    kinds = [notice["body"]["type"] for notice in cloud.notifications(migration)]
    assert kinds == ["migration.finished"]
    assert _senders(cloud, "DELETE") == set()


def test_with_both_each_does_its_own(cloud: Client) -> None:
    """The DELETE of the image is the deleter's, all else the publisher's."""
    before = len(cloud.arm_log())
    migration = cloud.begin("two-identities")
    cloud.advance_to_stage("approval", migration)
    assert cloud.decide(migration).status == 200
    (status,) = cloud.finish(migration)
    assert status["result"]["image"] == "deleted"
    log = cloud.arm_log()[before:]
    assert {_sender(line) for line in log} >= {("DELETE", DELETER), ("PUT", PUBLISHER)}
    assert {client for method, client in map(_sender, log) if method == "DELETE"} == {DELETER}


def _senders(cloud: Client, method: str) -> set[str]:
    return {line["client"] for line in cloud.arm_log(method)}


def _sender(line: Json) -> tuple[str, str]:
    return line["method"], line["client"]
