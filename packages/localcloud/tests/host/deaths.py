"""One worker's death with a call of every kind in flight: the same on func and on the embedded host.

1. Everything that is to be in flight is started, and held by the app (mortal_app).
2. The worker's process is killed. What the callers get, and what the instances come to, is what was seen.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.testing.process import call
from localcloud.testing.waiting import until

APP = Path(__file__).parent / "mortal_app"
PATIENCE = 60.0
# Seconds, of the three that the timer's schedule has.
AT_ONCE = 1.0
# What is held -> the orchestration that leads to it.
ORCHESTRATIONS = {
    "first turn": "first_turn",
    "turn after an activity": "after_activity",
    "turn after a timer": "after_timer",
    "turn after an event": "after_event",
    "turn after a child": "after_child",
    "turn of a child": "parent",
    "activity": "calls",
    "async activity": "calls_async",
    "activity with retries": "calls_again",
    "entity": "asks_entity",
}
HTTP = {"HTTP": "/api/held", "HTTP with a client": "/api/held_client"}
EVENTS: list[dict[str, Any]] = [
    {"id": name, "subject": name, "data": {}, "eventType": "e", "topic": "t"}
    | {"eventTime": "2026-01-01T00:00:00Z", "dataVersion": "1"}
    for name in ("held", "other")
]
ENDED = ("Completed", "Failed", "Terminated")
FAILURES = ("TaskFailed", "SubOrchestrationInstanceFailed")


@dataclass
class Mortal:
    """A host that serves mortal_app, which notes in `flight`; `keys` of its durable and Event Grid webhooks."""

    url: str
    flight: Path
    process: subprocess.Popen[bytes]
    keys: tuple[str, str] = ("", "")

    def hold(self, what: str) -> None:
        """The next run of this is held."""
        (self.flight / f"hold.{what}").touch()

    def runs(self, what: str) -> list[dict[str, Any]]:
        """Return the notes of the app's functions."""
        path = self.flight / "notes"
        lines = path.read_text().splitlines() if path.exists() else []
        return [note for note in map(json.loads, lines) if note["what"] == what]

    def held(self, what: str) -> int:
        """The process that holds it, once it does."""

        def look() -> int:
            return next((run["process"] for run in self.runs(what) if run["held"]), 0)

        return until(look, PATIENCE, lambda: f"{what} never ran")

    def durable(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        answer: tuple[int, Any] = call(
            method, f"{self.url}/runtime/webhooks/durabletask{path}", body, self.keys[0]
        )
        return answer

    def deliver(self) -> tuple[int, Any]:
        """The answer to a delivery of two events."""
        url = f"{self.url}/runtime/webhooks/EventGrid?functionName=event"
        answer: tuple[int, Any] = call(
            "POST", url, EVENTS, self.keys[1], {"aeg-event-type": "Notification"}
        )
        return answer

    def get(self, path: str) -> tuple[int, Any]:
        answer: tuple[int, Any] = call("GET", self.url + path)
        return answer

    def ended(self, instance: str) -> dict[str, Any]:
        """The status of an instance with its history, once it has ended."""
        query = "?showHistory=true&showHistoryOutput=true"

        def look() -> dict[str, Any] | None:
            _, status = self.durable("GET", f"/instances/{instance}{query}")
            return status if status["runtimeStatus"] in ENDED else None

        return until(look, PATIENCE, lambda: f"{instance} goes on and on")


def seen_at_a_death(host: Mortal) -> dict[str, Any]:
    """Return the fate of a call of each kind that is in flight when the worker dies."""
    flying = [*ORCHESTRATIONS, *HTTP, "event held", "timer"]
    for what in flying:
        host.hold(what)
    with ThreadPoolExecutor(len(HTTP) + 1) as callers:
        for function in ORCHESTRATIONS.values():
            host.durable("POST", f"/orchestrators/{function}/{function}")
        host.durable("POST", "/instances/after_event/raiseEvent/go", 1)
        answers = {what: callers.submit(host.get, path) for what, path in HTTP.items()}
        answers["event held"] = callers.submit(host.deliver)
        (worker,) = {host.held(what) for what in flying}
        os.kill(worker, signal.SIGKILL)
        return {
            **{what: _outcome(host, what) for what in ORCHESTRATIONS},
            **{what: _answer(host, what, answer) for what, answer in answers.items()},
            "event other": {"runs": len(host.runs("event other"))},
            "timer": _next_tick(host),
        }


def _outcome(host: Mortal, what: str) -> dict[str, Any]:
    status = host.ended(ORCHESTRATIONS[what])
    failures = [e for e in status["historyEvents"] if e["EventType"] in FAILURES]
    return {
        "status": status["runtimeStatus"],
        "output": _first_line(status["output"]),
        "failures": [_failure(event) for event in failures],
        "runs": len(host.runs(what)),
    }


def _first_line(text: str) -> str:
    """Behind it come the details of a failure, which are there again in the event."""
    return text.partition(" \n")[0]


def _failure(event: dict[str, Any]) -> dict[str, Any]:
    try:
        details = json.loads(event["Details"])
    except ValueError:
        return {"reason": event["Reason"]}
    return {"reason": event["Reason"]} | {k: details[k] for k in ("$type", "ExitCode", "Message")}


def _answer(host: Mortal, what: str, answer: Future[tuple[int, Any]]) -> dict[str, Any]:
    status, body = answer.result()
    return {"status": status, "body": body, "runs": len(host.runs(what))}


def _next_tick(host: Mortal) -> dict[str, Any]:
    """The schedule is every three seconds."""

    def look() -> list[dict[str, Any]]:
        runs = host.runs("timer")
        first = next(i for i, run in enumerate(runs) if run["held"])
        return runs[first : first + 2] if len(runs) > first + 1 else []

    held, following = until(look, PATIENCE)
    seconds = following["at"] - held["at"]
    return {"again at once": seconds < AT_ONCE}
