"""Decisions that people and attackers send, each noted as the test made it."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from standardwebhooks import Webhook

from tests.proof.conditions import Condition
from tests.proof.driving import Driver
from tests.proof.people import ADMIN, APPROVE, READ, SECRET, SUBMIT, UNLISTED
from tests.proof.world import Asked, Voted
from tests.scenarios.answers import Answer
from tests.scenarios.bodies import Json

WRONG_SECRET = "whsec_" + base64.b64encode(b"nobody gave this to the app, ever").decode()
ROLES = (READ, APPROVE)
OTHER = "0" * 32 + "-1"


def said_by(driver: Driver, asked: Asked, who: str, kind: str = "approve", **more: Any) -> Answer:
    """A decision on what is asked about, as somebody sends it who may; a flaw is the caller's to note."""
    answer = _sent(driver, asked, who, body_of(driver, asked, kind, **more))
    note(driver, asked, who, kind, answer)
    return answer


def note(
    driver: Driver, asked: Asked, who: str, kind: str, answer: Answer, flaw: Condition | None = None
) -> None:
    """Keep what was said, and whether the app took it."""
    taken = 200 <= answer.status < 300
    vote = Voted(who, kind, driver.now(), taken, flaw, asked.statement)
    asked.votes.append(vote)


def cancel(driver: Driver, asked: Asked) -> None:
    """Somebody who may approve cancels."""
    path = f"/api/migrations/{asked.id}/cancel"
    headers = driver.client.token("grace", READ, APPROVE, ADMIN)
    asked.cancelled |= driver.client.call("POST", path, headers=headers).status == 202


def flawed(driver: Driver, asked: Asked, who: str, flaw: Condition) -> None:
    """An approval with one thing wrong; none of them may count."""
    answer = FLAWED[flaw](driver, asked, who)
    who = UNLISTED if flaw is Condition.LISTED else who
    note(driver, asked, who, "approve", answer, flaw)
    # Whatever the app said of it: the note says that it counts for nothing.


def body_of(driver: Driver, asked: Asked, kind: str = "approve", **more: Any) -> Json:
    """The body of a decision on what is asked about, and on the statement as it is shown."""
    told = driver.client.status(asked.id)["approval"]
    body = {"migrationId": asked.id, "fingerprint": told["fingerprint"] or "none", "decision": kind}
    asked.statement = _shown(driver, asked, told["statementHash"])
    return body | {"statementHash": asked.statement or "none"} | more


def _shown(driver: Driver, asked: Asked, named: str | None) -> str:
    """The hash of the statement, computed from its text, which is of the image that was asked for."""
    shown = driver.client.call("GET", f"/api/migrations/{asked.id}/statement")
    if shown.status != 200:
        return ""
    text = json.loads(shown.text)
    assert text["migrationId"] == asked.id, shown
    assert text["image"]["id"].lower().endswith(f"/{asked.name}"), shown
    digest = hashlib.sha256(shown.text.encode()).hexdigest()
    assert digest == named, shown
    return digest


def _sent(
    driver: Driver, asked: Asked, who: str, body: Json, roles: tuple[str, ...] = ROLES
) -> Answer:
    path = f"/api/migrations/{asked.id}/approval"
    if who == SECRET:
        driver.heard = {"id": asked.id, "body": body | {"approver": "the hook"}}
        return driver.client.send_decision(asked.id, json.dumps(driver.heard["body"]).encode())
    return driver.client.call("POST", path, body, headers=driver.client.token(who, *roles))


def _forged(driver: Driver, asked: Asked, _who: str) -> Answer:
    body = json.dumps(body_of(driver, asked, approver="ada")).encode()
    name, now = str(uuid4()), datetime.now(UTC)
    headers = {"webhook-signature": Webhook(WRONG_SECRET).sign(name, now, body.decode())}
    return driver.client.send_decision(asked.id, body, name, headers)


def _replayed(driver: Driver, asked: Asked, _who: str) -> Answer:
    """A message that was signed for another migration, to the letter."""
    if asked.id == driver.heard.get("id", asked.id):
        # Nobody has used the secret for another one yet.
        driver.heard = {"id": "", "body": body_of(driver, asked, approver="ada", migrationId=OTHER)}
    return driver.client.send_decision(asked.id, json.dumps(driver.heard["body"]).encode())


def _of_another(driver: Driver, asked: Asked, who: str) -> Answer:
    others = [each.id for each in driver.known.asked if each is not asked]
    return _sent(driver, asked, who, body_of(driver, asked, migrationId=(others or [OTHER])[-1]))


def _of_another_fingerprint(driver: Driver, asked: Asked, who: str) -> Answer:
    return _sent(driver, asked, who, body_of(driver, asked, fingerprint="v1-another"))


def _of_another_statement(driver: Driver, asked: Asked, who: str) -> Answer:
    return _sent(driver, asked, who, body_of(driver, asked, statementHash="0" * 64))


def _unlisted(driver: Driver, asked: Asked, _who: str) -> Answer:
    return _sent(driver, asked, UNLISTED, body_of(driver, asked), (READ, APPROVE, ADMIN))


def _without_role(driver: Driver, asked: Asked, who: str) -> Answer:
    return _sent(
        driver, asked, "grace" if who == SECRET else who, body_of(driver, asked), (READ, SUBMIT)
    )


FLAWED = {
    Condition.SIGNED: _forged,
    Condition.OWN_MESSAGE: _replayed,
    Condition.THIS_MIGRATION: _of_another,
    Condition.THIS_FINGERPRINT: _of_another_fingerprint,
    Condition.THIS_STATEMENT: _of_another_statement,
    Condition.LISTED: _unlisted,
    Condition.ROLE: _without_role,
}
