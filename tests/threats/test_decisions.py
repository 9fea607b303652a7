"""Threats 6, 7, 8, 9 and 17: who decides, for how long it holds, and what a row in the records proves."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.approval.decisions import ApprovalState, Decision, Verdict
from domain.migration.latch import Latch
from domain.migration.recorded import ReceivedDecision
from tests import builders as b
from tests.scenarios.client import Client
from tests.scenarios.receiver import SECRET
from tests.threats.attackers import (
    hold_up_the_gate,
    records_of,
    store_of,
    throttle_the_delete,
    waiting,
)


def kept(cloud: Client, name: str, migration: str, check: str) -> None:
    """It ends as kept for this reason, and the image is there."""
    (status,) = cloud.finish(migration)
    assert (status["outcome"], status["result"]["image"]) == ("kept", "kept")
    assert check in status["reason"]
    assert cloud.image_there(name)


# ---- 6: an app that stood still ----------------------------------------------------------------------


def test_06_an_approval_that_waited_for_80_days_deletes_nothing(cloud: Client) -> None:
    """Approved in time, the orchestration suspended, resumed 80 days later: the approval is not valid any more."""
    migration = waiting(cloud, "stood-still")
    assert cloud.durable("POST", f"/instances/{migration}/suspend").status_code == 202
    assert cloud.decide(migration).status == 202
    cloud.advance("P80D")
    assert cloud.durable("POST", f"/instances/{migration}/resume").status_code == 202
    kept(cloud, "stood-still", migration, "approval still valid: no")


# ---- 7: cancelled and rejected before the DELETE -----------------------------------------------------

HELD_UP: dict[str, Callable[[Client, str, str], None]] = {
    "the gate waits for Azure": hold_up_the_gate,
    "Azure throttles the DELETE": throttle_the_delete,
}


@pytest.mark.parametrize("hold_up", HELD_UP.values(), ids=HELD_UP)
def test_07_a_cancellation_counts_until_the_delete_is_sent(
    cloud: Client, hold_up: Callable[[Client, str, str], None]
) -> None:
    """No DELETE was taken by Azure yet, so it is not too late, however long ago it was approved."""
    name = f"cancelled-{hold_up.__name__.replace('_', '-')}"
    migration = waiting(cloud, name)
    hold_up(cloud, name, migration)
    cloud.advance("PT2H")
    assert cloud.cancel(migration).status == 202
    cloud.no_faults()
    (status,) = cloud.finish(migration)
    assert (status["outcome"], status["result"]["image"]) == ("cancelled", "kept")
    assert cloud.image_there(name)


# ---- 8: a second approver rejects --------------------------------------------------------------------


@pytest.mark.parametrize("hold_up", HELD_UP.values(), ids=HELD_UP)
def test_08_a_rejection_after_the_approval_ends_it(
    cloud: Client, hold_up: Callable[[Client, str, str], None]
) -> None:
    """Signed, stored with its verdict, and the image is kept."""
    name = f"rejected-{hold_up.__name__.replace('_', '-')}"
    migration = waiting(cloud, name)
    hold_up(cloud, name, migration)
    answer = cloud.decide(migration, "reject", approver="bob")
    assert (answer.status, answer.body["approval"]["state"]) == (200, "rejected")
    cloud.no_faults()
    kept(cloud, name, migration, "reject by bob")
    status = cloud.status(migration)
    told = [(d["decision"], d["verdict"]["accepted"]) for d in status["approval"]["decisions"]]
    assert told == [("approve", True), ("reject", True)]


def test_08_a_rejection_stored_by_a_webhook_that_died_ends_it(cloud: Client) -> None:
    """The row is there, its sender was never answered, nobody woke anything: the gate reads it."""
    migration = waiting(cloud, "unanswered")
    hold_up_the_gate(cloud, "unanswered", migration)
    rejection = _received(
        cloud, migration, cloud.connection["webhookSecret"], decision=Decision.REJECT
    )
    records_of(cloud).receive(migration, rejection)
    cloud.no_faults()
    kept(cloud, "unanswered", migration, "deletion approved: no (reject by ada")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"fingerprint": "v1-another"}, "fingerprint that was asked about"),
        ({"migrationId": "0" * 32 + "-1"}, "not for this one"),
        ({"statementHash": "0" * 64}, "statement that is asked about now"),
    ],
    ids=["another fingerprint", "another migration", "another statement"],
)
def test_08_every_signed_decision_is_stored_with_its_verdict(
    cloud: Client, fields: dict[str, str], words: str
) -> None:
    """Also one that cannot count: its sender learns why, and so does everybody who reads the status."""
    name = f"refused-{'-'.join(fields).lower()}"
    migration = waiting(cloud, name)
    answer = cloud.decide(migration, to=migration, **fields)
    assert answer.status == 409
    (decision,) = cloud.status(migration)["approval"]["decisions"]
    assert decision["verdict"]["accepted"] is False
    assert words in decision["verdict"]["text"]
    cloud.cancel(migration)
    cloud.finish(migration)


# ---- 9: whoever can write the records ----------------------------------------------------------------


def _received(cloud: Client, migration: str, secret: str, **changes: Any) -> ReceivedDecision:
    approval = records_of(cloud).snapshot(migration)
    assert approval is not None
    assert approval.state.approval is not None
    now = datetime.fromisoformat(cloud.control("GET", "/clock")["now"])
    values = {
        "migration_id": migration,
        "fingerprint": approval.state.approval.fingerprint,
        "statement_hash": approval.statement.hash if approval.statement else "",
        "received_at": now,
    }
    return b.a_received(secret, **{**values, **changes})


def unsigned(cloud: Client, migration: str) -> ReceivedDecision:
    """A decision as older versions kept it."""
    signed = _received(cloud, migration, cloud.connection["webhookSecret"])
    return signed.model_copy(update={"envelope": None})


def signed_by_the_receiver(cloud: Client, migration: str) -> ReceivedDecision:
    """With a secret that they hold, of something else."""
    return _received(cloud, migration, SECRET)


def a_rejection_turned_round(cloud: Client, migration: str) -> ReceivedDecision:
    """The row says approve; what was signed says reject."""
    signed = _received(
        cloud, migration, cloud.connection["webhookSecret"], decision=Decision.REJECT
    )
    said = signed.decision.model_copy(update={"decision": Decision.APPROVE})
    return signed.model_copy(update={"decision": said})


def one_made_later_than_it_was(cloud: Client, migration: str) -> ReceivedDecision:
    """Signed and sealed long ago; the row's time is of now."""
    signed = _received(cloud, migration, cloud.connection["webhookSecret"])
    now = signed.decision.received_at
    old = _received(
        cloud,
        migration,
        cloud.connection["webhookSecret"],
        received_at=now - timedelta(days=80),
    )
    return signed.model_copy(update={"envelope": old.envelope})


FORGED = [unsigned, signed_by_the_receiver, a_rejection_turned_round, one_made_later_than_it_was]


@pytest.mark.parametrize("forge", FORGED, ids=lambda forge: forge.__name__)
def test_09_a_row_without_its_own_signature_deletes_nothing(
    cloud: Client, forge: Callable[[Client, str], ReceivedDecision]
) -> None:
    """One row is written, and the wait is woken: the workflow takes it for an approval, the gate does not."""
    name = f"forged-{forge.__name__.replace('_', '-')}"
    migration = waiting(cloud, name)
    records_of(cloud).receive(migration, forge(cloud, migration))
    cloud.durable("POST", f"/instances/{migration}/raiseEvent/approval-1", "k1")
    kept(cloud, name, migration, "deletion approved: no (")


def test_09_a_verdict_written_into_the_records_deletes_nothing(cloud: Client) -> None:
    """Not even with the decision that the verdict names, which nobody signed."""
    migration = waiting(cloud, "forged-verdict")
    forged = unsigned(cloud, migration).decision
    verdict = Verdict(state=ApprovalState.APPROVED, decided_by=forged)

    def approved(latch: Latch) -> Latch:
        return latch.model_copy(update={"verdict": verdict})

    records_of(cloud).change_latch(migration, approved)
    cloud.durable("POST", f"/instances/{migration}/raiseEvent/approval-1", "k1")
    kept(cloud, "forged-verdict", migration, "no decision whose signature holds")


def test_09_a_genuine_approval_of_another_migration_deletes_nothing(cloud: Client) -> None:
    """Its row is copied under this one: what was signed names the other."""
    victim, other = waiting(cloud, "replayed-to"), waiting(cloud, "replayed-from")
    assert cloud.decide(other).status == 200
    (row,) = store_of(cloud).list(other, prefix="decision.")
    asked = cloud.status(victim)["approval"]
    said = row.value["decision"] | {"migrationId": victim, "fingerprint": asked["fingerprint"]}
    said |= {"statementHash": asked["statementHash"]}
    store_of(cloud).put(victim, row.row, row.value | {"decision": said})
    cloud.durable("POST", f"/instances/{victim}/raiseEvent/approval-1", "k1")
    kept(cloud, "replayed-to", victim, "no decision whose signature holds")
    cloud.finish(other)


def test_09_a_rejection_counts_although_its_secret_is_gone(cloud: Client) -> None:
    """No approval does without its signature; a doubt keeps the image."""
    migration = waiting(cloud, "secret-gone")
    hold_up_the_gate(cloud, "secret-gone", migration)
    rejection = _received(cloud, migration, SECRET, decision=Decision.REJECT)
    records_of(cloud).receive(migration, rejection)
    cloud.no_faults()
    kept(cloud, "secret-gone", migration, "deletion approved: no (reject by ada")


# ---- 17: an approver's tool --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "approver",
    ["   ", "\u00a0", "ada\u0007", "ada\nand bob", "ada\u202ebob", "a\u0000"],
    ids=["blanks", "other blanks", "a control", "two lines", "an override", "a null"],
)
def test_17_an_approver_whose_name_cannot_be_read_is_refused(cloud: Client, approver: str) -> None:
    """400 that names the field; nothing is stored."""
    migration = _one_for_bad_bodies(cloud)
    answer = cloud.decide(migration, approver=approver)
    assert (answer.status, answer.fields) == (400, ["approver"])
    assert cloud.status(migration)["approval"]["decisions"] == []


def test_17_a_body_with_a_doubled_key_is_refused(cloud: Client) -> None:
    """Two readers would see two decisions."""
    migration = _one_for_bad_bodies(cloud)
    body = json.dumps(
        {
            "migrationId": migration,
            "fingerprint": cloud.status(migration)["approval"]["fingerprint"],
            "statementHash": cloud.status(migration)["approval"]["statementHash"],
            "decision": "reject",
            "approver": "ada",
        }
    )
    doubled = body[:-1] + ', "decision": "approve"}'
    answer = cloud.send_decision(migration, doubled.encode())
    assert (answer.status, answer.fields) == (400, ["decision"])
    request = json.dumps(cloud.request("bad-bodies", delete=False))
    again = request[:-1] + ', "deletion": {"enabled": true}}'
    answer = cloud.call("POST", "/api/migrations", data=again.encode())
    assert (answer.status, answer.fields) == (400, ["deletion"])


def _one_for_bad_bodies(cloud: Client) -> str:
    cloud.add_image("bad-bodies")
    started = cloud.call("POST", "/api/migrations", cloud.request("bad-bodies"))
    migration: str = started.body["id"]
    cloud.advance_to_stage("approval", migration)
    return migration
