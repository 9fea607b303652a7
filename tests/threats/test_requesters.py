"""Threat 9, the other half: whoever can write the records makes somebody else the requester, to approve their own."""

import json

from demo.people import OIDS
from tests.scenarios.client import Client
from tests.threats.attackers import records_of, store_of, waiting


def test_09_a_requester_who_was_made_somebody_else_is_nobody(cloud: Client) -> None:
    """Alan, who owns the webhook's secret, asked; the rows say Mary did. He approves nothing; it stays."""
    cloud.add_image("own-request")
    body = cloud.request("own-request")
    started = cloud.call(
        "POST", "/api/migrations", body, headers=cloud.token("alan", "Migration.Submit")
    )
    migration = str(started.body["id"])
    cloud.advance_to_stage("approval", migration)
    _rename(cloud, migration, OIDS["alan"], OIDS["mary"])
    assert cloud.status(migration)["requestedBy"]["id"] == OIDS["mary"]

    answer = cloud.decide(migration)
    assert (answer.status, answer.body["rule"]) == (403, "ownRequest")
    assert "cannot be proven who asked" in answer.body["detail"]
    cloud.advance("P4D")
    (status,) = cloud.finish(migration)
    assert (status["outcome"], cloud.image_there("own-request")) == ("kept", True)


def test_09_nor_does_it_help_after_the_approval(cloud: Client) -> None:
    """A genuine approval counts for nothing at the gate once the row says that somebody else asked."""
    migration = waiting(cloud, "renamed-later")
    cloud.control("POST", "/faults", {"rules": [_HOLD]})
    assert cloud.decide(migration).status == 200
    cloud.advance_to_stage("deletion", migration)
    _rename(cloud, migration, OIDS["mary"], OIDS["grace"])
    cloud.no_faults()
    (status,) = cloud.finish(migration)
    assert (status["outcome"], cloud.image_there("renamed-later")) == ("kept", True)
    assert "deletion approved: no" in status["reason"]


_HOLD = {"what": "status", "status": 429, "retryAfter": 3600, "nth": 2, "method": "GET"}
_HOLD["path"] = "Compute/images/renamed-later\\?"


def _rename(cloud: Client, migration: str, was: str, made: str) -> None:
    """Write another requester into both copies of the record."""
    accepted = records_of(cloud).snapshot(migration)
    assert accepted is not None
    places = [(accepted.accepted.image_key, "1"), (migration, "accepted")]
    for partition, row in places:
        for record in store_of(cloud).list(partition, prefix=row):
            text = json.dumps(record.value)
            if was in text:
                store_of(cloud).put(partition, record.row, json.loads(text.replace(was, made)))
