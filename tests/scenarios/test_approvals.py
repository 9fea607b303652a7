"""The approval webhook: only a signed decision for this very migration and content, in time, counts; and once."""

import hashlib
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.scenarios.bodies import Json
from tests.scenarios.client import Client
from tests.scenarios.receiver import SECRET


@pytest.fixture(scope="module")
def waiting(cloud: Client) -> dict[str, str]:
    """Migrations that wait for an approval, by the names of their images; `early` is not there yet."""
    names = ("plain", "other", "doubled", "crowded", "forged", "changed-mind", "late")
    migrations = {name: cloud.begin(name) for name in names if name != "late"}
    migrations["late"] = cloud.begin("late", approval={"timeout": "PT1H"})
    cloud.advance_to_stage("approval", *migrations.values())
    return migrations


def _decision(cloud: Client, migration: str, **fields: Any) -> bytes:
    asked = cloud.status(migration)["approval"]
    body: Json = {
        "migrationId": migration,
        "fingerprint": asked["fingerprint"],
        "statementHash": asked["statementHash"],
        "decision": "approve",
        "approver": "ada",
    }
    return json.dumps(body | fields).encode()


def test_a_decision_before_it_is_asked_for_is_refused(cloud: Client) -> None:
    """409 in an earlier stage, and it does not count later, even with the fingerprint to come."""
    migration = cloud.begin("early")
    cloud.advance("PT1M")
    fingerprint = cloud.call("POST", "/api/plans", cloud.request("early")).body["fingerprint"]
    assert cloud.decide(migration, fingerprint=fingerprint["value"]).status == 409
    (status,) = cloud.advance_to_stage("approval", migration)
    assert status["approval"]["state"] == "waiting"
    assert [d["verdict"]["accepted"] for d in status["approval"]["decisions"]] == [False]
    cloud.decide(migration, "reject")


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"webhook-signature": "v1,bm90IGEgc2lnbmF0dXJl"}, id="another signature"),
        pytest.param({"webhook-signature": ""}, id="no signature"),
        pytest.param({"webhook-signature": "nonsense"}, id="nonsense"),
        pytest.param({"webhook-id": "another-id"}, id="another id"),
        pytest.param({"webhook-id": ""}, id="no id"),
        pytest.param({"webhook-timestamp": "1700000000"}, id="an old moment"),
        pytest.param({"webhook-timestamp": "soon"}, id="no moment"),
    ],
)
def test_a_decision_without_a_good_signature_is_401(
    cloud: Client, waiting: dict[str, str], headers: dict[str, str]
) -> None:
    """The signature is checked before anything else is; nothing is stored."""
    migration = waiting["plain"]
    answer = cloud.send_decision(migration, _decision(cloud, migration), headers=headers)
    assert answer.status == 401
    assert cloud.status(migration)["approval"]["decisions"] == []


def test_the_signature_is_checked_before_the_migration_is_looked_up(cloud: Client) -> None:
    """An unknown migration is 401 for the unsigned and 404 for the signed."""
    unknown = "0" * 32 + "-1"
    body = {"migrationId": unknown, "fingerprint": "x", "decision": "approve", "approver": "ada"}
    body["statementHash"] = "x"
    raw = json.dumps(body).encode()
    unsigned = cloud.send_decision(unknown, raw, headers={"webhook-signature": "v1,AAAA"})
    assert (unsigned.status, cloud.send_decision(unknown, raw).status) == (401, 404)


def test_a_signature_made_with_another_secret_is_401(
    cloud: Client, waiting: dict[str, str]
) -> None:
    """The secret that signs our notifications opens nothing."""
    migration, now = waiting["plain"], datetime.now(UTC)
    raw = _decision(cloud, migration)
    signature = Webhook(SECRET).sign("mine", now, raw.decode())
    headers = {"webhook-signature": signature, "webhook-id": "mine"}
    assert cloud.send_decision(migration, raw, headers=headers).status == 401


def test_a_decision_for_another_migration_is_409(cloud: Client, waiting: dict[str, str]) -> None:
    """Posted to the wrong webhook, or naming the wrong fingerprint: neither of the two is decided."""
    plain, other = waiting["plain"], waiting["other"]
    assert cloud.decide(plain, to=other).status == 409
    foreign = cloud.status(other)["approval"]["fingerprint"]
    assert cloud.decide(plain, fingerprint=foreign).status == 409
    for migration in (plain, other):
        assert cloud.status(migration)["approval"]["state"] == "waiting"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("decision", "maybe"),
        ("approver", ""),
        ("approver", None),
        ("reason", 7),
        ("extra", "field"),
        ("fingerprint", ["a"]),
        ("statementHash", ""),
        ("statementHash", None),
        ("statementHash", "a" * 65),
    ],
)
def test_a_decision_that_cannot_be_read_is_400_and_names_the_field(
    cloud: Client, waiting: dict[str, str], field: str, value: Any
) -> None:
    """Signed or not, what is sent must be a decision."""
    migration = waiting["plain"]
    answer = cloud.send_decision(migration, _decision(cloud, migration, **{field: value}))
    assert (answer.status, answer.fields) == (400, [field])


def test_a_signed_body_that_is_no_json_is_400(cloud: Client, waiting: dict[str, str]) -> None:
    """The secret was right; it says what is wrong."""
    answer = cloud.send_decision(waiting["plain"], b"approve")
    assert (answer.status, answer.fields) == (400, ["body"])


def test_a_repeated_delivery_gets_the_same_verdict(cloud: Client, waiting: dict[str, str]) -> None:
    """Same webhook-id and body: the same answer, also after the end; another body is a conflict."""
    migration = waiting["doubled"]
    raw = _decision(cloud, migration)
    first = cloud.send_decision(migration, raw, "delivery-1")
    again = cloud.send_decision(migration, raw, "delivery-1")
    assert (first.status, again.status) == (200, 200)
    assert again.body["verdict"] == first.body["verdict"] == "accepted"
    other = _decision(cloud, migration, decision="reject")
    assert cloud.send_decision(migration, other, "delivery-1").status == 409
    (status,) = cloud.finish(migration)
    assert status["result"]["image"] == "deleted"
    assert cloud.send_decision(migration, raw, "delivery-1").body == first.body | {
        "approval": status["approval"]
    }
    assert len(status["approval"]["decisions"]) == 1


def test_of_many_decisions_at_once_a_rejection_decides(
    cloud: Client, waiting: dict[str, str]
) -> None:
    """Approvals and rejections together: a rejection among them ends it, also when an approval was accepted first."""
    migration = waiting["crowded"]
    raws = [_decision(cloud, migration, decision=d) for d in ("approve", "reject") * 4]
    with ThreadPoolExecutor(len(raws)) as pool:
        answers = list(pool.map(lambda raw: cloud.send_decision(migration, raw), raws))
    told = Counter(
        (json.loads(raw)["decision"], answer.status)
        for raw, answer in zip(raws, answers, strict=True)
    )
    assert told["reject", 200] == 1
    assert told["approve", 200] <= 1
    assert sum(told[kind, 409] for kind in ("approve", "reject")) == 7 - told["approve", 200]
    (status,) = cloud.finish(migration)
    assert (status["approval"]["state"], status["result"]["image"]) == ("rejected", "kept")
    assert cloud.image_there("crowded")


def test_who_can_raise_events_cannot_forge_an_approval(
    cloud: Client, waiting: dict[str, str]
) -> None:
    """Events of any name and content, raised through the durable API: nothing is approved or deleted."""
    migration = waiting["forged"]
    payloads: list[Any] = ["key", {"decision": "approve"}, [True], 0]
    for number in range(1, 8):
        for payload in payloads:
            path = f"/instances/{migration}/raiseEvent/approval-{number}"
            assert cloud.durable("POST", path, payload).status_code == 202
        cloud.advance("PT1M")
    status = cloud.status(migration)
    assert (status["stage"], status["approval"]["state"]) == ("approval", "waiting")
    assert status["approval"]["decisions"] == []
    assert cloud.image_there("forged")
    assert cloud.decide(migration).status == 200
    (status,) = cloud.finish(migration)
    assert status["result"]["image"] == "deleted"


def test_a_decision_holds_once_it_is_made(cloud: Client, waiting: dict[str, str]) -> None:
    """An approval after the rejection is 409 and changes nothing."""
    migration = waiting["changed-mind"]
    assert cloud.decide(migration, "reject").status == 200
    assert cloud.decide(migration, "approve").status == 409
    (status,) = cloud.finish(migration)
    assert (status["outcome"], status["approval"]["state"]) == ("kept", "rejected")
    assert cloud.decide(migration, "approve").status == 409


def test_an_approval_after_the_deadline_is_409(cloud: Client, waiting: dict[str, str]) -> None:
    """Too late is too late, at the very moment of the deadline and after the outcome."""
    migration = waiting["late"]
    raw = _decision(cloud, migration)
    deadline = datetime.fromisoformat(cloud.status(migration)["approval"]["deadline"])
    left = deadline - cloud.advance("PT0.001S")
    if left > timedelta(0):
        cloud.advance(f"PT{left.total_seconds():.6f}S")
    assert cloud.send_decision(migration, raw).status == 409
    (status,) = cloud.finish(migration)
    assert (status["outcome"], status["approval"]["state"]) == ("kept", "expired")
    assert cloud.send_decision(migration, raw).status == 409
    assert cloud.image_there("late")


def test_the_asking_notification_holds_what_an_approver_needs(
    cloud: Client, waiting: dict[str, str]
) -> None:
    """Version, fingerprint, deadline, where to post, and the exact `az vm create` line; told once."""
    migration = waiting["plain"]
    (notification,) = cloud.notifications(migration)
    data = notification["body"]["data"]
    status = cloud.status(migration)
    assert notification["body"]["type"] == "approval.requested"
    assert data["fingerprint"] == status["approval"]["fingerprint"]
    assert data["deadline"] == status["approval"]["deadline"]
    assert data["statementHash"] == status["approval"]["statementHash"]
    assert hashlib.sha256(data["statement"].encode()).hexdigest() == data["statementHash"]
    assert data["approvalPath"] == f"/api/migrations/{migration}/approval"
    assert data["tryCommand"].startswith("az vm create ")
    assert data["versionId"] in data["tryCommand"]
