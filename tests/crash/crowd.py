"""Callers in real time: each asks once for what it wants, when its migration is there, and repeats only what nobody
answered, so that one migration's status can be compared with another's."""

from __future__ import annotations

import threading
import time
from typing import Self

from tests.crash.callers import Callers, Reachable
from tests.crash.intents import Intent, Wish

LOOK_AGAIN_SECONDS = 1.0
# In which stage each kind of cancellation is sent.
CANCELLED_IN = {Wish.CANCEL: "approval", Wish.WITHDRAW: "replication"}


class Crowd(Callers):
    """A context in which the callers act by themselves."""

    def __init__(self, cloud: Reachable) -> None:
        super().__init__(cloud, doubling=False)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._live)
        self._broken: list[BaseException] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def in_flight(self) -> dict[str, Intent]:
        """Return the migrations that have begun and are not known to have ended, by migration id."""
        if self._broken:
            raise self._broken[0]
        begun = {self._ids[i.name]: i for i in self.intents if i.name in self._ids}
        return {m: i for m, i in begun.items() if not self.status(i).get("outcome")}

    @property
    def waiting(self) -> int:
        """Return the number of migrations without an outcome, begun or not."""
        return sum(not self.status(intent).get("outcome") for intent in self.intents)

    @property
    def unsettled(self) -> list[str]:
        """The migrations whose timeline does not tell the end yet, which is written just after the outcome."""
        statuses = {m: statuses.status for m, statuses in self.told.items()}
        return [m for m, s in statuses.items() if not s or s["timeline"][-1]["stage"] != "finished"]

    def _live(self) -> None:
        try:
            while not self._over.is_set():
                self.act()
                for migration in self.unsettled:
                    self._look(migration)
                time.sleep(LOOK_AGAIN_SECONDS)
        except BaseException as error:
            self._broken.append(error)
            raise

    def _act(self, intent: Intent, round_number: int) -> None:
        if intent.name not in self._ids:
            self._begin(intent)
        migration = self._ids.get(intent.name)
        if migration is None:
            return
        self._look(migration)
        status = self.status(intent)
        if status and CANCELLED_IN.get(intent.wish) == status["stage"]:
            self._cancel(migration)
        if status and intent.wish in (Wish.APPROVE, Wish.REJECT):
            self._decide(migration, intent.wish.value)

    def _decide(self, migration: str, what: str) -> None:
        approval = self.told[migration].status["approval"]
        if approval["state"] == "waiting" and migration not in self._settled:
            if what == "approve":
                self._approvals.add((migration, approval["fingerprint"]))
            asked = (approval["fingerprint"], approval["statementHash"])
            self._settle(migration, asked, what)
