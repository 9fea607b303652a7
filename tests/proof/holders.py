"""Those who hold a key that approves nothing: each does with it what it lets them do, and nobody has approved by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from standardwebhooks import Webhook

from tests.proof.decisions import body_of
from tests.proof.driving import Driver
from tests.proof.world import Asked
from tests.scenarios import bodies
from tests.scenarios.receiver import SECRET


def named_key(driver: Driver, asked: Asked) -> None:
    """The key that asks, for an approval and a cancellation."""
    path = f"/api/migrations/{asked.id}"
    for tail in ("approval", "cancel"):
        answer = driver.client.call("POST", f"{path}/{tail}", body_of(driver, asked))
        asked.cancelled |= tail == "cancel" and answer.status == 202


def notification_secret(driver: Driver, asked: Asked) -> None:
    """The secret that signs what the app tells."""
    body = json.dumps(body_of(driver, asked, approver="ada")).encode()
    name, now = str(uuid4()), datetime.now(UTC)
    signed = {"webhook-signature": Webhook(SECRET).sign(name, now, body.decode())}
    answer = driver.client.send_decision(asked.id, body, name, signed)
    assert answer.status == 401, answer


def system_key(driver: Driver, asked: Asked) -> None:
    """The key of the durable API: wakes who waits, and starts orchestrations under names of its own."""
    rounds = [f"approval-{number}" for number in range(1, 4)]
    for event in ["approval", *rounds]:
        driver.client.durable("POST", f"/instances/{asked.id}/raiseEvent/{event}", "k1")
    for instance in (asked.id, f"{asked.id}-mine", "0" * 32 + "-9"):
        for orchestrator in ("migrate_image", "delete_image", "restore_image"):
            driver.client.durable("POST", f"/orchestrators/{orchestrator}/{instance}", asked.id)


def event_key(driver: Driver, asked: Asked) -> None:
    """Event Grid's key: it says that the image was written."""
    image = bodies.image_id(driver.client.subscription, asked.name)
    data = {"resourceUri": image, "operationName": "Microsoft.Compute/images/write"}
    event = {"id": str(uuid4()), "subject": image, "data": data, "dataVersion": "2"}
    event |= {"eventType": "Microsoft.Resources.ResourceWriteSuccess"}
    driver.client.publish(event | {"eventTime": driver.now().isoformat()})


HOLDERS: list[Callable[[Driver, Asked], None]] = [
    named_key,
    notification_secret,
    system_key,
    event_key,
]
