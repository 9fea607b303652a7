"""The audit against who can write the records: what was changed, cut or put back shuts the gate, and is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from records.store import RecordStore
from tests.scenarios.client import Client
from tests.threats.attackers import store_of, waiting
from tests.threats.conftest import cloud as cloud

Tamper = Callable[[RecordStore, str], None]


def rows_of(store: RecordStore, migration: str) -> list[Any]:
    """The rows of a migration's audit, the first event first."""
    return list(reversed(store.list(migration, prefix="audit.")))


def changed(store: RecordStore, migration: str) -> None:
    row = rows_of(store, migration)[1]
    store.put(migration, row.row, row.value | {"at": "2020-01-01T00:00:00Z"})


def dropped(store: RecordStore, migration: str) -> None:
    store.delete(migration, rows_of(store, migration)[1].row)


def cut(store: RecordStore, migration: str) -> None:
    store.delete(migration, rows_of(store, migration)[-1].row)


def emptied(store: RecordStore, migration: str) -> None:
    for row in rows_of(store, migration):
        store.delete(migration, row.row)


def another_requester(store: RecordStore, migration: str) -> None:
    accepted = store.read(migration, "accepted")
    assert accepted
    store.put(migration, "accepted", accepted.value | {"origin": "eventGrid"})


def another_plan(store: RecordStore, migration: str) -> None:
    plan = store.read(migration, "plan")
    assert plan
    store.put(migration, "plan", plan.value | {"warnings": ["none"]})


def deployment_cut(store: RecordStore, _: str) -> None:
    last = store.list("deployment", prefix="audit.", limit=1)[0]
    store.delete("deployment", last.row)


TAMPERED: dict[str, tuple[Tamper, str]] = {
    "a row changed": (
        changed,
        "audit of the migration verifies: no (event 2 does not verify: its content",
    ),
    "a row dropped": (
        dropped,
        "audit of the migration verifies: no (event 3 does not verify: it comes behind",
    ),
    "the end cut off": (cut, "audit of the migration verifies: no (event"),
    "all of it gone": (emptied, "audit of the migration verifies: no ("),
    "what was accepted": (
        another_requester,
        "records agree with the audit: no (what was accepted was changed",
    ),
    "the plan": (another_plan, "records agree with the audit: no (the plan was changed"),
    "the deployment's end": (deployment_cut, "audit of the deployment verifies: no ("),
}


@pytest.mark.parametrize(
    "name", [*[n for n in TAMPERED if n != "the deployment's end"], "the deployment's end"]
)
def test_23_a_tampered_audit_keeps_the_image(cloud: Client, name: str) -> None:
    """The image was approved by somebody who may; the gate names what it found."""
    tamper, told = TAMPERED[name]
    image = "tampered-" + "".join(c if c.isalpha() else "-" for c in name)
    migration = waiting(cloud, image)
    tamper(store_of(cloud), migration)
    assert cloud.decide(migration).status == 200
    (status,) = cloud.finish(migration)
    assert (status["outcome"], status["result"]["image"]) == ("kept", "kept")
    assert told in status["reason"]
    assert cloud.image_there(image)
