"""Deletions of images are told to an observer at the last moment: when, with what, and when not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from localcloud.arm.server.deletions import VARIABLE, Deletion
from packages.localcloud.tests.arm.driving import Driver, driven, error
from packages.localcloud.tests.arm.sdk import scale_set
from packages.localcloud.tests.arm.test_locks import lock


@pytest.fixture
def seen(arm: Driver) -> Iterator[list[Deletion]]:
    """The deletions that an observer was told of."""
    told: list[Deletion] = []
    arm.cloud.deletion_observers.append(told.append)
    yield told
    arm.cloud.deletion_observers.remove(told.append)


def test_an_observer_hears_before_anything_is_done(arm: Driver) -> None:
    """The image is there in the state that it sees, with all others, and goes afterwards."""
    image = arm.image()
    arm.put("virtualMachineScaleSets/set", scale_set(image, 1))
    states = []

    def observe(deletion: Deletion) -> None:
        states.append((deletion, deletion.state()))

    arm.cloud.deletion_observers.append(observe)
    headers = {"x-ms-correlation-request-id": "mine"}
    assert arm.call("DELETE", "images/web", headers=headers).status_code == 202
    arm.cloud.deletion_observers.remove(observe)
    [(deletion, state)] = states
    assert (deletion.image["id"], deletion.correlation) == (image, "mine")
    assert deletion.client == arm.cloud.tokens.identity.client
    assert deletion.time == "2026-03-02T09:30:00+00:00"
    by_id = {resource["id"]: resource for resource in state["resources"]}
    assert by_id[image]["properties"]["provisioningState"] == "Succeeded"
    [instance] = by_id[arm.id("virtualMachineScaleSets/set")]["instances"]
    assert instance["properties"]["storageProfile"]["imageReference"]["id"] == image
    assert arm.get("images/web")["properties"]["provisioningState"] == "Deleting"


def test_nobody_hears_of_what_is_not_carried_out(arm: Driver, seen: list[Deletion]) -> None:
    """Refused, not there, lost before it arrived, under way already, another type."""
    image = arm.image()
    lock(arm, image)
    assert error(arm.call("DELETE", "images/web")) == (409, "ScopeLocked")
    assert arm.call("DELETE", "images/none").status_code == 204
    arm.put("galleries/g", {"location": "eastus2"})
    arm.call("DELETE", "galleries/g")
    assert seen == []
    arm.call("DELETE", f"{image}/providers/Microsoft.Authorization/locks/keep", api="2020-05-01")
    for _ in range(2):
        assert arm.call("DELETE", "images/web").status_code == 202
    assert [deletion.image["id"] for deletion in seen] == [image]


def test_images_that_go_with_their_group_are_told(arm: Driver, seen: list[Deletion]) -> None:
    """Every one of them."""
    ids = [arm.image(name) for name in ("one", "two")]
    assert arm.call("DELETE", arm.group).status_code == 202
    assert [deletion.image["id"] for deletion in seen] == ids


def test_an_observer_that_raises_prevents_it(arm: Driver) -> None:
    """The request fails and the image stays."""
    arm.image()

    def refuse(_deletion: Deletion) -> None:
        raise RuntimeError("not this one")

    arm.cloud.deletion_observers.append(refuse)
    assert arm.call("DELETE", "images/web").status_code == 500
    arm.cloud.deletion_observers.remove(refuse)
    assert arm.state("images/web") == "Succeeded"


def test_a_ledger_is_kept_for_another_process(
    state_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line for each deletion, with the whole state, where the variable says."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "deletions.jsonl"))
    with driven(state_folder) as arm:
        image = arm.image()
        arm.call("DELETE", "images/web")
    [line] = (tmp_path / "deletions.jsonl").read_text().splitlines()
    told = json.loads(line)
    assert told["image"]["id"] == image
    assert image in [resource["id"] for resource in told["state"]["resources"]]
    assert set(told) == {"image", "time", "correlationId", "client", "state"}


class Agreeing(BaseHTTPRequestHandler):
    """Answers posted deletions with the status that its server has been given."""

    server: Answering

    def do_POST(self) -> None:
        """Keep what was posted."""
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Stay silent."""


class Answering(HTTPServer):
    """Somebody who is asked whether images may go."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Agreeing)
        self.told: list[Any] = []
        self.status = 200


def test_a_hook_asks_another_process(state_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is posted the same; anything but a 2xx prevents the deletion."""
    with Answering() as asked:
        threading.Thread(target=asked.serve_forever, daemon=True).start()
        monkeypatch.setenv(VARIABLE, f"http://127.0.0.1:{asked.server_port}/deletions")
        with driven(state_folder) as arm:
            image = arm.image()
            asked.status = 409
            assert arm.call("DELETE", "images/web").status_code == 500
            assert arm.state("images/web") == "Succeeded"
            asked.status = 204
            assert arm.call("DELETE", "images/web").status_code == 202
        asked.shutdown()
    assert [told["image"]["id"] for told in asked.told] == [image, image]
    assert [told["image"]["properties"]["provisioningState"] for told in asked.told] == 2 * [
        "Succeeded"
    ]
