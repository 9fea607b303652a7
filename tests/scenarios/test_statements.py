"""The statement that is approved, and a second asking when it is not what there is any more."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.people import OIDS
from packages.localcloud.tests.arm.sdk import scale_set
from tests.scenarios.bodies import Json
from tests.scenarios.client import Client
from tests.scenarios.conftest import a_cloud, add_gallery

PATTERN = "CHG[0-9]{4}"


def waiting(cloud: Client, name: str, **fields: Any) -> str:
    """A migration that waits for its approval."""
    migration = cloud.begin(name, **fields)
    cloud.advance_to_stage("approval", migration)
    return migration


def beside(image: str, path: str) -> str:
    """The id of another resource of the image's group."""
    return f"{image.partition('/providers/')[0]}/providers/Microsoft.Compute/{path}"


def machine(cloud: Client, image: str, name: str) -> str:
    """Somebody makes a machine of the image; its id."""
    made = beside(image, f"virtualMachines/{name}")
    storage = {"imageReference": {"id": image}, "osDisk": {"createOption": "FromImage"}}
    body: Any = {"location": "eastus2", "properties": {"storageProfile": storage}}
    cloud.arm("PUT", made, body)
    return made


def asked(cloud: Client, migration: str) -> Json:
    """The approval, as the status has it."""
    approval: Json = cloud.status(migration)["approval"]
    return approval


def asked_again(cloud: Client, migration: str) -> Json:
    """Time passes until the approval is asked for the second time; what the status says of it then."""
    cloud.advance_until(lambda: _round(cloud, migration) == (2, "approval"), "PT1M")
    return asked(cloud, migration)


def _round(cloud: Client, migration: str) -> tuple[int, str]:
    status = cloud.status(migration)
    return status["approval"]["round"], status["stage"]


def image_of(cloud: Client, migration: str) -> str:
    return str(cloud.status(migration)["sourceImageId"])


def test_the_statement_is_shown_as_it_is_hashed(cloud: Client) -> None:
    """To the letter: its SHA-256 is what a decision names. It says what there is, and who asked."""
    cloud.add_image("shown")
    used = machine(cloud, image_id(cloud, "shown"), "shown")
    migration = cloud.start(cloud.request("shown", changeNumber="CHG0001"))
    cloud.advance_to_stage("approval", migration)
    answer = cloud.call("GET", f"/api/migrations/{migration}/statement")
    approval, told = asked(cloud, migration), answer.body
    assert hashlib.sha256(answer.text.encode()).hexdigest() == approval["statementHash"]
    assert (approval["round"], told["round"], told["migrationId"]) == (1, 1, migration)
    assert told["changeNumber"] == "CHG0001"
    assert [user["id"] for user in told["references"]["users"]] == [used]
    assert told["requester"] == cloud.status(migration)["requestedBy"]
    assert told["image"]["fingerprint"] == approval["fingerprint"]
    assert cloud.decide(migration, "reject").status == 200


def image_id(cloud: Client, name: str) -> str:
    return str(cloud.request(name)["sourceImageId"])


def test_who_may_approve_and_opens_it_signed_in_is_written_down(cloud: Client) -> None:
    """Once each; a script's key opens it, and proves nobody."""
    migration = waiting(cloud, "opened")
    path = f"/api/migrations/{migration}/statement"
    for headers in ({}, cloud.token("grace"), cloud.token("grace"), cloud.token("mary")):
        assert cloud.call("GET", path, headers=headers).status == 200
    (opening,) = asked(cloud, migration)["openedBy"]
    assert opening["by"]["id"] == OIDS["grace"]
    assert cloud.decide(migration, "reject").status == 200


def test_there_is_none_before_anybody_is_asked(cloud: Client) -> None:
    """404, as for a migration that nobody knows."""
    migration = cloud.begin("unasked", delete=False)
    for asked_for in (migration, "0" * 32 + "-1"):
        assert cloud.call("GET", f"/api/migrations/{asked_for}/statement").status == 404
    assert asked(cloud, migration)["statementHash"] is None
    cloud.finish(migration)


@pytest.mark.parametrize(
    ("stated", "status", "words"),
    [
        ("0" * 64, 409, "/statement"),
        ("", 400, "SHA-256 of the statement"),
        (None, 400, "statementHash"),
    ],
    ids=["wrong", "empty", "none"],
)
def test_a_decision_on_something_else_is_refused(
    cloud: Client, stated: str | None, status: int, words: str
) -> None:
    """And it is told where to look; signed in or by the webhook."""
    name = f"else-{status}-{len(stated or 'x')}"
    migration = waiting(cloud, name)
    fingerprint = asked(cloud, migration)["fingerprint"]
    body: Json = {"migrationId": migration, "fingerprint": fingerprint, "decision": "approve"}
    body |= {"statementHash": stated} if stated is not None else {}
    path = f"/api/migrations/{migration}/approval"
    person = cloud.call("POST", path, body, headers=cloud.token("grace"))
    tool = cloud.send_decision(migration, json.dumps(body | {"approver": "ada"}).encode())
    assert (person.status, tool.status) == (status, status)
    assert words in person.text
    assert words in tool.text
    assert asked(cloud, migration)["state"] == "waiting"
    assert cloud.decide(migration, "reject", statementHash="").status == 200


def test_a_machine_that_appears_is_asked_about_again(cloud: Client) -> None:
    """The old approval is void, people are told what has changed, and a new one deletes."""
    migration = waiting(cloud, "new-machine")
    first = asked(cloud, migration)
    made = machine(cloud, image_of(cloud, migration), "new-machine")
    assert cloud.decide(migration, webhook_id="first-time").status == 200
    second = asked_again(cloud, migration)
    assert cloud.image_there("new-machine")
    assert (second["state"], second["deadline"]) == ("waiting", first["deadline"])
    assert second["statementHash"] != first["statementHash"]
    (void,) = second["decisions"]
    assert void["statementHash"] == first["statementHash"]

    late = cloud.decide(migration, statementHash=first["statementHash"])
    assert (late.status, "/statement" in late.text) == (409, True)
    (notification,) = told(cloud, migration, "approval.requestedAgain")
    assert notification["changes"] == [f"a new user: virtual machine {made} (warns)"]
    assert (notification["round"], notification["statementHash"]) == (2, second["statementHash"])
    assert made in notification["statement"]

    assert cloud.decide(migration).status == 200
    (status,) = cloud.finish(migration)
    assert (status["outcome"], status["result"]["image"]) == ("completed", "deleted")
    assert len([line for line in status["timeline"] if made in line["text"]]) == 1


def told(cloud: Client, migration: str, kind: str) -> list[Json]:
    """The data of the notifications of a type."""
    bodies = [notification["body"] for notification in cloud.notifications(migration)]
    return [body["data"] for body in bodies if body["type"] == kind]


def test_a_scale_set_that_appears_is_moved_and_the_image_goes(cloud: Client) -> None:
    """Whoever is asked again sees that it needs the image, and moves it; that it is gone by then voids nothing."""
    migration = waiting(cloud, "new-set")
    others = cloud.add_image("of-others")
    for name in ("one", "two"):
        # Else the lists had become suspiciously short when it is gone.
        machine(cloud, others, f"another-{name}")
    made = beside(image_of(cloud, migration), "virtualMachineScaleSets/new-set")
    cloud.arm("PUT", made, scale_set(image_of(cloud, migration), 0))
    assert cloud.decide(migration).status == 200
    asked_again(cloud, migration)
    (notification,) = told(cloud, migration, "approval.requestedAgain")
    assert notification["changes"] == [f"a new user: scale set {made} (blocks)"]
    cloud.arm("DELETE", made)
    cloud.advance("PT1M")
    assert cloud.decide(migration).status == 200
    (status,) = cloud.finish(migration)
    assert (status["outcome"], status["result"]["image"]) == ("completed", "deleted"), status[
        "reason"
    ]


def test_a_user_that_is_gone_voids_nothing(cloud: Client) -> None:
    """Nobody is asked again for less."""
    cloud.add_image("fewer")
    made = machine(cloud, image_id(cloud, "fewer"), "fewer")
    migration = cloud.start(cloud.request("fewer"))
    cloud.advance_to_stage("approval", migration)
    cloud.arm("DELETE", made)
    cloud.advance("PT1M")
    assert cloud.decide(migration).status == 200
    (status,) = cloud.finish(migration)
    assert (status["outcome"], status["approval"]["round"]) == ("completed", 1)


def test_asked_again_and_rejected_it_is_kept(cloud: Client) -> None:
    """The version stays promoted."""
    migration = waiting(cloud, "no-more")
    machine(cloud, image_of(cloud, migration), "no-more")
    assert cloud.decide(migration).status == 200
    asked_again(cloud, migration)
    assert cloud.decide(migration, "reject", reason="in use").status == 200
    (status,) = cloud.finish(migration)
    assert (status["outcome"], cloud.image_there("no-more")) == ("kept", True)
    assert status["reason"].startswith("rejected by ada: in use")
    version = cloud.version("no-more")
    assert version is not None
    assert not version["properties"]["publishingProfile"]["excludeFromLatest"]


# -- change numbers --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A deployment that wants a change number with everything."""
    folder: Path = tmp_path_factory.mktemp("strict")
    settings = {"CHANGE_NUMBER_PATTERN": PATTERN, "CHANGE_NUMBER_WITH": "both"}
    with a_cloud(folder, more=settings) as client:
        add_gallery(client)
        yield client


def test_a_change_number_can_be_demanded(strict: Client) -> None:
    """With the request and with the approval; what is refused names the pattern. It is stated, and kept with both."""
    strict.add_image("strict")
    for wrong in ({}, {"changeNumber": "CHG1"}):
        for path in ("/api/migrations", "/api/plans"):
            refused = strict.call("POST", path, strict.request("strict", **wrong))
            assert (refused.status, refused.fields) == (400, ["changeNumber"])
            assert PATTERN in refused.text
    migration = strict.start(strict.request("strict", changeNumber="CHG0001"))
    strict.advance_to_stage("approval", migration)
    bare = strict.decide(migration)
    assert (bare.status, bare.fields) == (400, ["changeNumber"])
    assert PATTERN in bare.text
    assert strict.decide(migration, changeNumber="CHG0002").status == 200
    (status,) = strict.finish(migration)
    assert (status["outcome"], status["request"]["changeNumber"]) == ("completed", "CHG0001")
    assert [d["changeNumber"] for d in status["approval"]["decisions"]] == ["CHG0002"]


def test_nobody_needs_one_to_keep_an_image(strict: Client) -> None:
    """Neither to migrate without a deletion, nor to reject."""
    strict.finish(strict.begin("kept", delete=False))
    migration = strict.begin("objected", changeNumber="CHG0001")
    strict.advance_to_stage("approval", migration)
    assert strict.decide(migration, "reject").status == 200
    strict.finish(migration)
