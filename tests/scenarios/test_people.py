"""People who ask and people who approve, signed in at the local tenant: who may what, and what is kept of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from demo.people import OIDS
from tests.scenarios.answers import Answer
from tests.scenarios.client import Client
from tests.scenarios.conftest import a_cloud, add_gallery

TWO_OF = {"match": {"name": "two-*"}, "quorum": 2}
QUIET = {"match": {"name": "quiet-*"}, "quietTime": "PT4H"}
OTHERS = {"match": {"name": "others-*"}, "approvers": [OIDS["alan"]]}
SETTINGS = {"APPROVAL_POLICIES": json.dumps([TWO_OF, QUIET, OTHERS])}


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A local cloud whose deployment has rules of its own for some images."""
    folder: Path = tmp_path_factory.mktemp("people")
    with a_cloud(folder, more=SETTINGS) as client:
        add_gallery(client)
        yield client


def asked(cloud: Client, name: str, person: str = "ada") -> str:
    """A migration that this person asked for, waiting for its approval."""
    cloud.add_image(name)
    body = cloud.request(name, deletion={"enabled": True})
    answer = cloud.call("POST", "/api/migrations", body, headers=cloud.token(person))
    assert answer.status == 202, answer
    migration = str(answer.body["id"])
    cloud.advance_to_stage("approval", migration)
    return migration


def said(
    cloud: Client, migration: str, person: str, decision: str = "approve", **more: Any
) -> Answer:
    """A decision of a person's on what is asked about."""
    asked = cloud.status(migration)["approval"]
    body = {"migrationId": migration, "fingerprint": asked["fingerprint"], "decision": decision}
    body |= {"statementHash": asked["statementHash"], **more}
    path = f"/api/migrations/{migration}/approval"
    return cloud.call("POST", path, body, headers=cloud.token(person))


def ended(cloud: Client, migration: str) -> tuple[str, str]:
    """Outcome, and the image's fate."""
    (status,) = cloud.finish(migration)
    return status["outcome"], status["result"]["image"]


def test_somebody_else_approves(people: Client) -> None:
    """Not who asked, whatever roles she has; the status says who did what."""
    migration = asked(people, "asked-by-ada")
    own = said(people, migration, "ada")
    other = said(people, migration, "grace", reason="tested")

    assert (own.status, own.body["rule"]) == (403, "ownRequest")
    assert (other.status, other.body["verdict"]) == (200, "accepted")
    assert ended(people, migration) == ("completed", "deleted")
    status = people.status(migration)
    assert status["requestedBy"]["id"] == OIDS["ada"]
    made = {d["by"]["id"]: d["verdict"]["accepted"] for d in status["approval"]["decisions"]}
    assert made == {OIDS["ada"]: False, OIDS["grace"]: True}


def test_a_role_is_not_enough_and_a_list_is_not_enough(people: Client) -> None:
    """An approver needs both: the role in the token, and a place in the deployment's list for this image."""
    migration = asked(people, "others-only")
    unlisted = said(people, migration, "grace")
    path = f"/api/migrations/{migration}/approval"
    without = people.call("POST", path, {}, headers=people.token("alan", "Migration.Read"))

    assert (unlisted.status, unlisted.body["rule"]) == (403, "approver")
    assert (without.status, without.body["rule"]) == (403, "role")
    assert said(people, migration, "alan").status == 200
    assert ended(people, migration) == ("completed", "deleted")


def test_it_takes_as_many_people_as_the_deployment_says(people: Client) -> None:
    """The second time of one of them is no second voice; the requester can ask for fewer in no way."""
    migration = asked(people, "two-of-them")
    first, again = said(people, migration, "grace"), said(people, migration, "grace")
    assert (first.status, again.status) == (200, 200)
    assert people.status(migration)["approval"]["state"] == "waiting"

    assert said(people, migration, "alan").status == 200
    assert ended(people, migration) == ("completed", "deleted")


def test_a_secret_and_its_owner_are_one_voice(people: Client) -> None:
    """Alan has the webhook's secret: his two decisions are one of two."""
    migration = asked(people, "two-for-one")
    assert people.decide(migration).status == 200
    assert said(people, migration, "alan").status == 200
    assert people.status(migration)["approval"]["state"] == "waiting"

    assert said(people, migration, "grace", "reject", reason="no").status == 200
    assert ended(people, migration) == ("kept", "kept")


def test_an_approval_is_withdrawn(people: Client) -> None:
    """Before there are enough it does not count any more; it can be given again."""
    migration = asked(people, "two-and-back")
    for decision in ("approve", "withdraw"):
        assert said(people, migration, "grace", decision).status == 200
        people.advance("PT1M")
    assert said(people, migration, "alan").status == 200
    assert people.status(migration)["approval"]["state"] == "waiting"

    assert said(people, migration, "grace").status == 200
    assert ended(people, migration) == ("completed", "deleted")


@pytest.mark.parametrize("decision", ["reject", "withdraw"])
def test_the_quiet_time_can_be_used_to_object(people: Client, decision: str) -> None:
    """The version is promoted, the image stays for hours: a rejection or a withdrawal ends it at once."""
    name = f"quiet-{decision}"
    migration = asked(people, name)
    assert said(people, migration, "grace").status == 200
    people.advance("PT2H")
    status = people.status(migration)
    assert (status["stage"], people.image_there(name)) == ("promotion", True)

    assert said(people, migration, "grace", decision).status == 200
    assert ended(people, migration) == ("kept", "kept")
    version = people.version(name)
    assert version is not None
    assert not version["properties"]["publishingProfile"]["excludeFromLatest"]


def test_the_quiet_time_passes(people: Client) -> None:
    """Nothing is deleted before its end, and then it is."""
    migration = asked(people, "quiet-until-then")
    assert said(people, migration, "grace").status == 200
    people.advance("PT3H30M")
    assert people.image_there("quiet-until-then")
    people.advance("PT2H")
    assert ended(people, migration) == ("completed", "deleted")


def test_the_app_says_who_cancelled(people: Client) -> None:
    """Whoever may approve may stop it as well."""
    migration = asked(people, "cancelled-by-grace")
    path = f"/api/migrations/{migration}/cancel"
    refused = people.call("POST", path, headers=people.token("mary"))
    done = people.call("POST", path, headers=people.token("grace"))

    assert (refused.status, refused.body["rule"]) == (403, "role")
    assert (done.status, done.body["cancelledBy"]["id"]) == (202, OIDS["grace"])


def test_a_row_that_nobody_sealed_approves_nothing(people: Client) -> None:
    """Whoever writes the records makes Grace's approval Alan's, who may approve too: its seal does not hold."""
    migration = asked(people, "quiet-forged")
    assert said(people, migration, "grace").status == 200
    query = "UPDATE record SET value = replace(value, ?, ?) WHERE partition = ? AND row LIKE ?"
    forged = (OIDS["grace"], OIDS["alan"], migration, "decision.%")
    with closing(sqlite3.connect(people.process.state / "records.sqlite")) as database, database:
        assert database.execute(query, forged).rowcount == 1
    people.advance("PT5H")
    (status,) = people.finish(migration)
    assert (status["outcome"], people.image_there("quiet-forged")) == ("kept", True)
    assert "deletion approved: no" in status["reason"]
