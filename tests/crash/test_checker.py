"""The checker sees every kind of broken promise, and nothing in a run that kept them all."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.crash.checker import END_TOLD, FINGERPRINT_TAG, IMAGE, VERSION, Kind, violations
from tests.crash.evidence import Evidence, Json, Told

SCOPE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute"
IMAGE_ID, VERSION_ID = f"{SCOPE}/images/web", f"{SCOPE}/galleries/g/images/web/versions/1.0.0"
KEY, ID, PRINT, DECIDED = "abc", "abc-1", "v1-print", "d1"
BEFORE, THEN = "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:05.1234567+00:00"
Breaking = Callable[[dict[str, Any]], object]


def version(version_id: str = VERSION_ID) -> Json:
    """A version of the image, as ARM tells it."""
    properties = {"storageProfile": {"source": {"id": IMAGE_ID}}}
    tags = {FINGERPRINT_TAG: PRINT}
    return {"id": version_id, "type": VERSION, "tags": tags, "properties": properties}


def kept_promises() -> dict[str, Any]:
    """Everything about one migration that ended with an approved deletion."""
    outcome = {"outcome": "completed", "reason": "done", "result": {"image": "deleted"}}
    decision = {"decision": "approve", "migrationId": ID, "fingerprint": PRINT, "key": DECIDED}
    state = {"provisioningState": "Succeeded"}
    image: Json = {"id": IMAGE_ID, "type": IMAGE, "properties": state}
    rows = {
        "state": {"versionId": VERSION_ID, "fingerprint": PRINT},
        f"decision.{DECIDED}": {"decision": decision},
        f"ruling.{DECIDED}": {"accepted": True},
        "recipe": {"at": BEFORE, "image": image},
        "latch": {"run": 1, "finished": outcome},
    }
    accepted = {"id": ID, "digest": "x", "sourceImageId": IMAGE_ID}
    put = {"method": "PUT", "path": f"{VERSION_ID}?api-version=1", "status": 201, "time": BEFORE}
    delete = {"method": "DELETE", "path": f"{IMAGE_ID}?a=1", "status": 202, "time": THEN}
    return {
        "told": {ID: Told(1, ["completed"], {"outcome": "completed", "reason": "done"})},
        "records": {KEY: {"000001": accepted}, ID: rows, "open": {}},
        "requests": [put, delete, {**put, "status": 200}],
        "resources": [version()],
        "deleted": [image],
        "approvals": frozenset({(ID, PRINT)}),
        "expected": {IMAGE_ID.lower(): frozenset({"completed"})},
        "notices": [(ID, END_TOLD, "w1"), (ID, END_TOLD, "w1")],
    }


def test_kept_promises_break_none() -> None:
    """A run in which nothing went wrong has no violation."""
    assert violations(Evidence(**kept_promises())) == []


def test_an_outcome_in_a_row_of_its_own_counts_too() -> None:
    """So records lay before the latch held the outcome."""
    evidence = kept_promises()
    rows = evidence["records"][ID]
    rows["outcome"] = rows["latch"].pop("finished")
    assert violations(Evidence(**evidence)) == []


def put_again(evidence: dict[str, Any]) -> None:
    """Another creating PUT of the same name."""
    evidence["requests"].append(copy.deepcopy(evidence["requests"][0]))


def replace(evidence: dict[str, Any], name: str, value: Any) -> None:
    """Another row for the migration."""
    evidence["records"][ID][name] = value


BROKEN: dict[str, tuple[Kind, Breaking]] = {
    "no outcome": (Kind.LOST, lambda f: f["records"][ID]["latch"].update(finished=None)),
    "no record of a 202": (Kind.LOST, lambda f: f["told"].update({"other-1": Told(1)})),
    "still open": (Kind.LOST, lambda f: f["records"]["open"].update({ID: {}})),
    "two outcomes told": (Kind.AMBIGUOUS, lambda f: f["told"][ID].outcomes.append("failed")),
    "two 202": (Kind.DUPLICATED, lambda f: setattr(f["told"][ID], "started", 2)),
    "a version name made twice": (Kind.DUPLICATED, put_again),
    "two versions of one content": (
        Kind.DUPLICATED,
        lambda f: f["resources"].append(version(VERSION_ID + "1")),
    ),
    "no decision": (Kind.UNAPPROVED, lambda f: f["records"][ID].pop(f"decision.{DECIDED}")),
    "no ruling": (Kind.UNAPPROVED, lambda f: f["records"][ID].pop(f"ruling.{DECIDED}")),
    "a refused decision": (
        Kind.UNAPPROVED,
        lambda f: replace(f, f"ruling.{DECIDED}", {"accepted": False}),
    ),
    "a rejection": (
        Kind.UNAPPROVED,
        lambda f: f["records"][ID][f"decision.{DECIDED}"]["decision"].update(decision="reject"),
    ),
    "an approval nobody signed": (Kind.UNAPPROVED, lambda f: f.update(approvals=frozenset())),
    "an approval of something else": (
        Kind.UNAPPROVED,
        lambda f: f["resources"][0]["tags"].update({FINGERPRINT_TAG: "v1-other"}),
    ),
    "gone without a DELETE in the log, unapproved": (
        Kind.UNAPPROVED,
        lambda f: (f["requests"].pop(1), f.update(approvals=frozenset())),
    ),
    "no recipe": (Kind.UNSAVED, lambda f: f["records"][ID].pop("recipe")),
    "a recipe of an image that is half gone": (
        Kind.UNSAVED,
        lambda f: f["records"][ID]["recipe"]["image"]["properties"].update(
            provisioningState="Deleting"
        ),
    ),
    "a recipe after the DELETE": (
        Kind.UNSAVED,
        lambda f: f["records"][ID]["recipe"].update(at="2026-01-01T00:00:06+00:00"),
    ),
    "deleted, says the result; the image is there": (
        Kind.UNTRUE,
        lambda f: f["resources"].append({"id": IMAGE_ID, "type": IMAGE}),
    ),
    "kept, says the result; the image is gone": (
        Kind.UNTRUE,
        lambda f: f["records"][ID]["latch"]["finished"]["result"].update(image="kept"),
    ),
    "another outcome told than recorded": (
        Kind.UNTRUE,
        lambda f: f["told"][ID].status.update(outcome="failed"),
    ),
    "its end told to nobody": (Kind.LOST, lambda f: f["notices"].clear()),
    "its end told under two webhook-ids": (
        Kind.DUPLICATED,
        lambda f: f["notices"].append((ID, END_TOLD, "w2")),
    ),
    "another outcome than asked for": (
        Kind.UNEXPECTED,
        lambda f: f.update(expected={IMAGE_ID.lower(): frozenset({"kept"})}),
    ),
}


@pytest.mark.parametrize(("kind", "breaking"), BROKEN.values(), ids=BROKEN)
def test_every_broken_promise_is_seen(kind: Kind, breaking: Breaking) -> None:
    """One change to the evidence, and the promise that it breaks is named."""
    evidence = kept_promises()
    breaking(evidence)
    assert kind in {violation.kind for violation in violations(Evidence(**evidence))}
