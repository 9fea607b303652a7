"""A local cloud with all that the test knows of it: its clock, its restarts, and a look at what has ended."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import requests

from demo.identities import DELETER
from localcloud.arm.server import deletions
from localcloud.testing.waiting import until
from tests.proof import people
from tests.proof.conditions import Condition
from tests.proof.invariant import failing, judge
from tests.proof.observer import Observer
from tests.proof.report import Report
from tests.proof.world import Asked, Known, image_of
from tests.scenarios import bodies
from tests.scenarios.bodies import Json
from tests.scenarios.client import GALLERY_API, RESOURCES_API, Client
from tests.scenarios.process import LocalCloudProcess
from tests.scenarios.receiver import SECRET, Receiver

STEP = "PT30M"
# In the state folder: the log of what Azure was asked.
REQUESTS = Path("arm") / "requests.jsonl"


class ProofProcess(LocalCloudProcess):
    """Its settings can be others at the next start."""

    def set(self, settings: Mapping[str, str]) -> None:
        """From the next start on."""
        self._environment = {**self._environment, **settings}


class Driver:
    """Drives one local cloud, run after run."""

    def __init__(self, client: Client, process: ProofProcess, observer: Observer) -> None:
        self.client, self.process = client, process
        self.known, self.report = Known(), Report()
        # The settings that differ from those of the deployment.
        self.different: dict[str, str] = {}
        # The last message that the secret signed, and for whom.
        self.heard: Json = {}
        observer.judge = self._judge
        self._number = 0

    # -- runs ---------------------------------------------------------------------------------------------------

    def begin_run(self) -> None:
        """An empty Azure, and nothing known."""
        self.known, self.heard = Known(), {}
        self.client.no_faults()
        self.client.empty()
        self._add_gallery()

    def _add_gallery(self) -> None:
        place = {"location": bodies.HERE}
        group = bodies.group_id(self.client.subscription, bodies.GALLERY_GROUP)
        self.client.arm("PUT", group, place, RESOURCES_API)
        gallery = bodies.gallery_id(self.client.subscription)
        self.client.arm("PUT", gallery, place | {"properties": {}}, GALLERY_API)
        self.client.advance("PT1M")

    def name(self, rules: people.Rules) -> str:
        """A name that no image had."""
        self._number += 1
        return f"{rules.prefix}-{self._number}"

    def _judge(self, deletion: Json) -> str | None:
        # On the server's thread, while whoever changes what is known waits for this very process.
        wrong: str | None = f"the judge failed over {deletion['image']['id']}"
        try:
            wrong = judge(deletion, self.known)
        finally:
            if wrong:
                self.known.violations.append(wrong)
        return wrong

    # -- the clock ----------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The moment that app and Azure live in."""
        return datetime.fromisoformat(self.client.control("GET", "/clock")["now"])

    def advance(self, duration: str = STEP) -> None:
        """Move the clock, and look what has come of it."""
        self.client.advance(duration)
        self.look()

    def until_ended(self, asked: Asked, steps: int = 40, step: str = STEP) -> None:
        """Move the clock until a migration has its outcome."""
        for _ in range(steps):
            if asked.outcome:
                return
            self.advance(step)

    def look(self) -> None:
        """Note what is asked about now, and what has ended, and why by all that the test knows."""
        for asked in self.known.open():
            status = self.client.status(asked.id)
            if status["stage"] == "approval" and asked.asked_at is None:
                asked.asked_at = self.now()
            asked.statement = status["approval"].get("statementHash") or ""
            if status["outcome"]:
                self._note_end(asked, status)
            elif not asked.quiet_seen:
                self._note_quiet(asked, status)
        assert not self.known.violations, self.known.violations

    def failing(self, asked: Asked) -> frozenset[Condition]:
        """The conditions that do not hold now for a migration."""
        return failing(asked, self.known, self.client.control("GET", "/state"), self.now())

    def _note_quiet(self, asked: Asked, status: Json) -> None:
        """An image whose quiet time is all that keeps it."""
        if status["stage"] == "promotion" and self.failing(asked) == {Condition.QUIET}:
            asked.quiet_seen = True
            self.report.alone[Condition.QUIET] += 1

    def _note_end(self, asked: Asked, status: Json) -> None:
        image = status["result"]["image"]
        # Before it is no more among the open ones.
        failed = frozenset() if image == "deleted" else self.failing(asked)
        # A quiet time passes: it keeps nothing by itself that has ended for another reason.
        asked.failed = failed - {Condition.QUIET} if len(failed) > 1 else failed
        asked.outcome = status["outcome"]
        self.report.end(asked, image, status["reason"])

    # -- restarts -----------------------------------------------------------------------------------------------

    def restart(self, **settings: str) -> None:
        """End app and Azure, at once, and start them on what they left, with settings that differ so."""
        self.process.stop(signal.SIGKILL)
        self.process.set({**people.settings(), **USUAL, **settings})
        self.different = settings
        self.client.connect()
        self.report.kills += 1

    def die_after(self, number: int, duration: str = STEP) -> None:
        """Let the time pass, and end all at once when Azure was asked so many more times, or the time has passed."""
        before = self._requests()
        with ThreadPoolExecutor(1) as thread:
            passing = thread.submit(self._advance_until_dead, duration)
            until(lambda: passing.done() or self._requests() >= before + number, 60.0)
            self.process.stop(signal.SIGKILL)
            passing.result()
        self.restart(**self.different)
        self.look()

    def _requests(self) -> int:
        # Its file: the emulator need not answer for it.
        return sum(1 for _ in (self.process.state / REQUESTS).open("rb"))

    def _advance_until_dead(self, duration: str) -> None:
        with contextlib.suppress(requests.ConnectionError):
            self.client.advance(duration)

    def image_now(self, name: str) -> Json | None:
        """An image as Azure has it."""
        wanted = bodies.image_id(self.client.subscription, name).lower()
        resources = self.client.control("GET", "/state")["resources"]
        return next((r for r in resources if r["id"].lower() == wanted), None)

    def note_image(self, asked: Asked) -> None:
        """The image that a migration is about: the one that is there when it is asked for."""
        body = self.image_now(asked.name)
        asked.image = image_of(body) if body else None


# What `restart` puts back.
USUAL = {"DELETION_ENABLED": "true", "DELETER_CLIENT_ID": DELETER, "VERSION_PROTECTION": ""}


@contextmanager
def a_driver(folder: Path) -> Iterator[Driver]:
    """A local cloud for the proof: each deletion is judged before it is carried out."""
    receiver, observer = Receiver(), Observer(lambda _: "nobody judges yet")
    settings = {
        deletions.VARIABLE: observer.url,
        "NOTIFICATION_URL": receiver.url,
        "NOTIFICATION_SECRET": SECRET,
        **people.settings(),
    }
    process = ProofProcess(folder, settings)
    try:
        yield Driver(Client(process, receiver), process, observer)
    finally:
        process.stop(signal.SIGKILL)
        receiver.close()
        observer.close()
