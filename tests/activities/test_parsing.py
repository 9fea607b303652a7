"""Everything is parsed where it comes in: a decision costs no parse of what its migration was accepted with."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import azure.functions as func
import pytest
from standardwebhooks import Webhook

from activities.approvals import decide_approval, open_approval
from activities.deletion import confirm_deletion, delete_image
from activities.images import check_image
from activities.statements import make_statement
from activities.versions import promote_version, read_replication
from domain import ids
from domain.migration.requests import MigrationRequest
from tests.activities.azure import Azure
from tests.app import forget
from tests.builders import SECRET
from triggers.http import approvals

MOST_IDS, MOST_REQUESTS = 3, 0


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """The parses so far, of resource ids and of requests."""
    counted: Counter[str] = Counter()

    def counting(kind: str, parse: Callable[..., Any]) -> Callable[..., Any]:
        def count(*arguments: Any, **options: Any) -> Any:
            counted[kind] += 1
            return parse(*arguments, **options)

        return count

    monkeypatch.setattr(ids, "_parse", counting("ids", ids._parse))
    for name in ("model_validate", "model_validate_json"):
        parse = getattr(MigrationRequest, name)
        monkeypatch.setattr(MigrationRequest, name, counting("requests", parse))
    return counted


class Workflow:
    """A durable client whose workflow, when it is woken, judges what is stored."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure

    async def raise_event(self, *_: Any) -> None:
        """The real activity runs, as the event makes it."""
        await asyncio.to_thread(self._azure.done, decide_approval, round=1)


def signed(azure: Azure, fingerprint: str) -> func.HttpRequest:
    """An approval, as an approver sends it."""
    asked = azure.written().statement
    assert asked is not None
    body = {"migrationId": azure.accepted.id, "fingerprint": fingerprint}
    body |= {"statementHash": asked.hash}
    raw = json.dumps({**body, "decision": "approve", "approver": "ada"})
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "w1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("w1", now, raw),
    }
    path = {"id": azure.accepted.id}
    return func.HttpRequest("POST", "/", headers=headers, route_params=path, body=raw.encode())


async def decided(azure: Azure, fingerprint: str) -> func.HttpResponse:
    client: Any = Workflow(azure)
    return await approvals.decide(signed(azure, fingerprint), client)


def test_a_decision_parses_at_most_three_ids_and_no_request(
    azure: Azure, parsed: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the webhook to the ruling in its answer, by which the deletion is approved."""
    monkeypatch.setenv("APPROVAL_WEBHOOK_SECRETS", SECRET)
    forget()
    plan = azure.replicated()
    azure.done(open_approval)
    azure.done(make_statement)
    parsed.clear()

    answer = asyncio.run(decided(azure, plan.fingerprint.value))

    assert (answer.status_code, json.loads(answer.get_body())["verdict"]) == (200, "accepted")
    assert parsed["ids"] <= MOST_IDS
    assert parsed["requests"] <= MOST_REQUESTS


def test_what_follows_a_decision_parses_no_more(azure: Azure, parsed: Counter[str]) -> None:
    """The promotion and the deletion work on the plan, which has its ids taken apart."""
    azure.approved()
    parsed.clear()

    for activity in (check_image, promote_version, read_replication, delete_image):
        azure.done(activity)
        azure.time.advance(hours=1)
    assert azure.done(confirm_deletion)["gone"]

    assert parsed["ids"] <= MOST_IDS
    assert parsed["requests"] <= MOST_REQUESTS


def test_a_parse_would_be_counted(azure: Azure, parsed: Counter[str]) -> None:
    """Planning parses: the request as it was accepted, with both of its ids."""
    azure.plan()
    assert parsed == {"requests": 1, "ids": 2}
