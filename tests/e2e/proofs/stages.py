"""One migration in each stage, which it does not leave by itself, and what somebody has to do so that it ends as it
would have: all outcomes are among them."""

from __future__ import annotations

from collections.abc import Mapping

from tests.e2e.outcomes import REGION_TEXT, SMALL, Expected
from tests.scenarios.bodies import Json
from tests.scenarios.client import Client
from tests.scenarios.definitions import make_definition

# By the name of the image, which is the stage.
ENDS = {
    "planning": Expected("completed", "deleted"),
    "definition": Expected("cancelled", "kept"),
    "version": Expected("completed", "kept"),
    "replication": Expected("failed", "kept", region_failed=True),
    "approval": Expected("kept", "kept"),
    "promotion": Expected("completed", "deleted"),
    "deletion": Expected("completed", "deleted"),
}
DECISIONS = {"planning": "approve", "approval": "reject"}
KEPT_AS_ASKED = ("version",)
# Azure is down for these calls; the others wait for Azure's clock, or for somebody.
DOWN: list[Json] = [
    {"what": "status", "status": 503, "method": "GET", "path": "Compute/images/planning\\?"},
    {"what": "status", "status": 503, "method": "PUT", "path": "/images/version/versions/"},
]
BROKEN: Json = {
    "what": "replication",
    "path": "/images/replication/versions/",
    "region": "westeurope",
    "message": REGION_TEXT,
}


def begin_in_each_stage(client: Client) -> dict[str, str]:
    """The migrations by their stages; nothing moves on until `let_go`."""
    client.control("POST", "/clock", {"speed": 0})
    client.faults(BROKEN)
    started = {name: client.begin(name) for name in ("approval", "promotion")}
    started["deletion"] = client.begin("deletion", excludeFromLatest=True)
    client.advance_to_stage("approval", *started.values())
    make_definition(client, "version")
    started["replication"] = client.begin("replication")
    client.advance_to_stage("replication", started["replication"], step=SMALL)
    client.faults(*DOWN)
    for name in ("promotion", "deletion"):
        assert client.decide(started[name]).status in (200, 202)
    for name in ("planning", "definition", "version"):
        started[name] = client.begin(name, delete=name not in KEPT_AS_ASKED)
    for name in ENDS:
        client.wait_for_stage(name, started[name])
    return {name: started[name] for name in ENDS}


def let_go(client: Client, started: Mapping[str, str], step: str = "PT3M") -> None:
    """Azure is well again; cancel and decide what is to end so."""
    client.no_faults()
    assert client.cancel(started["definition"]).status == 202
    asked = [started[name] for name in DECISIONS]
    client.advance_until(lambda: all(_waits(client, migration) for migration in asked), step)
    for name, decision in DECISIONS.items():
        assert client.decide(started[name], decision).status in (200, 202)


def check_ends(client: Client, started: Mapping[str, str]) -> None:
    """Each has ended as it would have, undisturbed, and nothing was done twice."""
    ends = {name: client.status(migration) for name, migration in started.items()}
    assert {name: Expected.of(end) for name, end in ends.items()} == ENDS, {
        name: end["reason"] for name, end in ends.items()
    }
    assert {name: client.image_there(name) for name in ENDS} == {
        name: expected.image == "kept" for name, expected in ENDS.items()
    }
    for name, migration in started.items():
        _check_once(client, name, migration)


def _waits(client: Client, migration: str) -> bool:
    status = client.status(migration)
    assert status["outcome"] is None, f"ended before anybody was asked: {status['reason']}"
    return bool(status["approval"]["state"] == "waiting")


def _check_once(client: Client, name: str, migration: str) -> None:
    """One version made, one DELETE where the image is to go, one webhook-id for each kind of notice."""
    log = client.arm_log("PUT", "DELETE")
    made = [n for n in log if f"/images/{name}/versions/" in n["path"] and n["status"] == 201]
    deletions = [n for n in log if n["method"] == "DELETE" and f"/images/{name}?" in n["path"]]
    ids: dict[str, set[str]] = {}
    for notice in client.notifications(migration):
        ids.setdefault(notice["body"]["type"], set()).add(notice["headers"]["webhook-id"])
    assert len(made) == (name != "definition"), (name, made)
    assert len(deletions) == (ENDS[name].image == "deleted"), (name, deletions)
    assert {len(sent) for sent in ids.values()} == {1}, (name, ids)
    assert "migration.finished" in ids, name
