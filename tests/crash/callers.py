"""Everybody outside the app: who starts, approves, rejects and cancels, and Event Grid; what they were told.

They repeat whatever was not answered, and send things twice at once, too early and to the wrong place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from tests.crash import bodies
from tests.crash.cloud import Answer
from tests.crash.evidence import Evidence, Json, Told
from tests.crash.intents import ALLOWED, Intent, Wish

SETTLED = frozenset({200, 409})
BOGUS = "0" * 40


class Reachable(Protocol):
    """The part of a cloud that callers use."""

    connection: Json

    @property
    def subscription(self) -> str:
        """The one subscription."""

    def app(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A call of the app."""

    def webhook(self, extension: str, path: str, body: Any, **headers: str) -> Answer:
        """A call of an extension's webhook."""

    def arm(self, method: str, path: str, body: Any = None) -> Any:
        """A call of ARM's control API."""

    def records(self) -> dict[str, dict[str, Json]]:
        """The app's records, by partition."""


class Callers:
    """The callers of many migrations, and their ledger. `doubling`: they send everything twice at once."""

    def __init__(self, cloud: Reachable, *, doubling: bool = True) -> None:
        self.intents: list[Intent] = []
        self.told: dict[str, Told] = {}
        self._cloud, self._doubling = cloud, doubling
        # Migration id by image name.
        self._ids: dict[str, str] = {}
        # Decisions and cancellations that need no repeating.
        self._settled: set[str] = set()
        self._approvals: set[tuple[str, str]] = set()
        self._callers, self._doubles = ThreadPoolExecutor(16), ThreadPoolExecutor(16)

    def add(self, intents: Iterable[Intent]) -> None:
        """More migrations; their images are made."""
        for intent in intents:
            self._cloud.arm("POST", "/images", bodies.image(self._cloud.subscription, intent.name))
            self.intents.append(intent)

    @property
    def done(self) -> bool:
        """Return True if every migration was told to have ended."""
        return all(self.status(intent).get("outcome") for intent in self.intents)

    @property
    def stages(self) -> Counter[str]:
        """Return the number of migrations without an outcome in each stage, by their last statuses."""
        statuses = [self.status(intent) for intent in self.intents]
        return Counter(status["stage"] for status in statuses if status and not status["outcome"])

    @property
    def resting(self) -> bool:
        """Return True if every migration has ended, or waits for an approval, which may be days."""
        statuses = [self.status(intent) for intent in self.intents]
        return all(s.get("outcome") or s.get("stage") == "approval" for s in statuses)

    def status(self, intent: Intent) -> Json:
        """Return the last status that was seen of the migration; empty before the first."""
        answers = self.told.get(self._ids.get(intent.name, ""))
        return answers.status if answers else {}

    def act(self, round_number: int = 0) -> None:
        """Everybody does what is due now, side by side."""
        due = [intent for intent in self.intents if intent.start <= round_number]
        due = [intent for intent in due if not self.status(intent).get("outcome")]
        list(self._callers.map(lambda intent: self._act(intent, round_number), due))

    def look(self) -> None:
        """Read every status again."""
        list(self._callers.map(self._look, self.told))

    def evidence(self) -> Evidence:
        """All that is known now, also of migrations whose start was never answered."""
        records = self._cloud.records()
        for migration in Evidence({}, records).accepted:
            self.told.setdefault(migration, Told())
        self.look()
        state = self._cloud.arm("GET", "/state")
        subscription = self._cloud.subscription
        return Evidence(
            told=self.told,
            records=records,
            requests=self._cloud.arm("GET", "/requests")["requests"],
            resources=state["resources"],
            deleted=state["deleted"],
            approvals=frozenset(self._approvals),
            expected={
                bodies.image_id(subscription, intent.name).lower(): ALLOWED[intent.wish]
                for intent in self.intents
            },
        )

    # -- what each of them does ---------------------------------------------------------------------------------

    def _act(self, intent: Intent, round_number: int) -> None:
        if intent.name not in self._ids:
            self._twice(lambda: self._begin(intent))
        migration = self._ids.get(intent.name)
        if migration is None:
            return
        self._look(migration)
        if intent.wish is Wish.CANCEL and round_number >= intent.cancel:
            self._twice(lambda: self._cancel(migration))
        if intent.wish in (Wish.APPROVE, Wish.REJECT):
            self._decide(migration, intent.wish.value)
        self._look(migration)

    def _twice(self, send: Callable[[], object]) -> None:
        other = self._doubles.submit(send) if self._doubling else None
        send()
        if other:
            other.result()

    def _begin(self, intent: Intent) -> None:
        resource = bodies.image_id(self._cloud.subscription, intent.name)
        if intent.wish is Wish.EVENT:
            path = "?functionName=image_written"
            event = [bodies.image_written(resource)]
            self._cloud.webhook("EventGrid", path, event, **{"aeg-event-type": "Notification"})
            self._find(intent, resource)
            return
        request = bodies.request(self._cloud.subscription, intent)
        answer = self._cloud.app("POST", "/api/migrations", request)
        if answer.status in (200, 202):
            answers = self.told.setdefault(answer.body["id"], Told())
            answers.started += answer.status == 202
            self._ids[intent.name] = answer.body["id"]

    def _find(self, intent: Intent, resource: str) -> None:
        """The migration that an event started, in the list."""
        listed = self._cloud.app("GET", "/api/migrations?limit=100")
        for entry in listed.body["migrations"] if listed.status == 200 else ():
            if entry["sourceImageId"].lower() == resource.lower():
                self.told.setdefault(entry["id"], Told())
                self._ids[intent.name] = entry["id"]

    def _look(self, migration: str) -> None:
        answer = self._cloud.app("GET", f"/api/migrations/{migration}")
        if answer.status == 200:
            self.told[migration].hear(answer.body)

    def _cancel(self, migration: str) -> None:
        if migration not in self._settled:
            answer = self._cloud.app("POST", f"/api/migrations/{migration}/cancel")
            if answer.status in (200, 202, 409):
                self._settled.add(migration)

    def _decide(self, migration: str, what: str) -> None:
        """The decision, under one id until it is settled; before it is asked for, a guess and forged events."""
        approval = self.told[migration].status.get("approval") or {}
        fingerprint, statement = approval.get("fingerprint"), approval.get("statementHash")
        if fingerprint is None or statement is None:
            self._send(migration, ("v1-guessed", "guessed"), what, f"early-{migration}")
            self._forge(migration)
        elif approval["state"] == "waiting" and migration not in self._settled:
            self._send(migration, (f"{fingerprint}0", statement), "approve", f"wrong-{migration}")
            self._forge(migration)
            if what == "approve":
                self._approvals.add((migration, fingerprint))
            self._twice(lambda: self._settle(migration, (fingerprint, statement), what))

    def _settle(self, migration: str, asked: tuple[str, str], what: str) -> None:
        if self._send(migration, asked, what, f"decision-{migration}") in SETTLED:
            self._settled.add(migration)

    def _send(self, migration: str, asked: tuple[str, str], what: str, webhook_id: str) -> int:
        """The answer's status; `asked`: the fingerprint and the statement's hash."""
        body = bodies.decision(migration, *asked, what)
        headers = bodies.signed(self._cloud.connection["webhookSecret"], webhook_id, body)
        path = f"/api/migrations/{migration}/approval"
        return self._cloud.app("POST", path, body, **headers).status

    def _forge(self, migration: str) -> None:
        """Events that nobody signed, out of order: they may wake the wait, and decide nothing."""
        for number in (2, 1):
            path = f"/instances/{migration}/raiseEvent/approval-{number}"
            self._cloud.webhook("durabletask", path, BOGUS)
