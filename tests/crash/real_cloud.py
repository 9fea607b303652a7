"""The app on a host in real time: Azurite, a local ARM whose clock runs fast, and a host that dies, or its worker does.

The records lie in Azurite's tables, where they can be read whoever is dead. A stopped worker answers nobody, but the
Durable extension's webhook needs none: events raised there make turns that are in flight when the worker is killed.
"""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from domain.ids import replication_instance_id
from records.backends.table import TableRecords
from tests.crash import workers
from tests.crash.cloud import Answer, StuckError, call, until
from tests.crash.evidence import Json, Notice, read_table
from tests.e2e import processes
from tests.e2e.hosts import CoreTools, Embedded, Host
from tests.scenarios.receiver import Receiver

HOSTS: dict[str, type[Host]] = {host.name: host for host in (CoreTools, Embedded)}
WORKER_SECONDS = 60.0
TABLE = "GalleryMigrations"
# An hour of replication in a quarter of a minute.
ARM_SPEED = 240
_DURABLE = "AzureFunctionsJobHost__extensions__durableTask__"
PACE = {
    "REPLICATION_POLL_INTERVAL": "PT2S",
    "SWEEP_SCHEDULE": "*/3 * * * * *",
    "RESTART_DELAY": "PT1S",
    "DELETION_DAILY_LIMIT": "100000",
    "DELETION_DAILY_PERCENT": "100",
    "PYTHON_THREADPOOL_THREAD_COUNT": "16",
    # How long nobody else gets the messages of a host that was killed; less than a minute is not allowed.
    f"{_DURABLE}storageProvider__controlQueueVisibilityTimeout": "00:01:00",
    f"{_DURABLE}storageProvider__workItemQueueVisibilityTimeout": "00:01:00",
    # Every migration's turn is to be in flight at once, and its child's.
    f"{_DURABLE}maxConcurrentOrchestratorFunctions": "32",
}
PHASES = ("replication", "promotion")


class RealCloud:
    """All of its processes; a context that ends with all of them dead."""

    def __init__(self, host: str) -> None:
        self.connection: Json = {}
        self._folder = Path(tempfile.mkdtemp(prefix="kill-"))
        self._processes = processes.Processes(self._folder)
        self._receiver = Receiver()
        self._host_type = HOSTS[host]

    def __enter__(self) -> Self:
        try:
            self._begin()
        except BaseException:
            # Otherwise the processes that have been started would live on.
            self.__exit__(*sys.exc_info())
            raise
        return self

    def _begin(self) -> None:
        if lacks := processes.missing(func=self._host_type is CoreTools):
            raise StuckError(f"missing on this machine: {lacks}")
        self._storage = processes.start_azurite(self._processes)
        self._arm = processes.start_arm(self._processes)
        call("POST", self._arm["control"]["url"] + "/clock", {"speed": ARM_SPEED})
        settings = processes.settings(self._arm, self._storage, self._receiver.url)
        self._host = self._host_type(self._processes, settings | PACE, self._arm)
        self._records = TableRecords.from_connection_string(self._storage, table=TABLE)
        self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._processes.close()
        self._receiver.close()
        if error is None:
            shutil.rmtree(self._folder)
        else:
            sys.stderr.write(f"what the processes left is in {self._folder}\n")

    # -- the host and its worker --------------------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        """Return True if the host runs."""
        return self._host.pid > 0

    @property
    def worker(self) -> int:
        """The process id of the host's worker; 0 without one."""
        return workers.worker_of(self._host.pid) if self.alive else 0

    @property
    def healthy(self) -> bool:
        """Return True if the app answers, which takes a worker."""
        return self.app("GET", "/api/health").status == 200

    def start(self) -> None:
        """A host on what the last one left."""
        self.connection = self._host.start()

    def mend(self) -> bool:
        """Wait until the app answers; a host that has ended by itself is started again, which is told."""
        ended: list[int] = []

        def well() -> bool:
            if not self.alive:
                ended.append(1)
                self._host.stop()
                self.start()
            return self.healthy

        until(well, "the app answers", WORKER_SECONDS)
        return bool(ended)

    def stop_host(self, number: signal.Signals) -> None:
        """End the host and its worker."""
        self._host.stop(number)

    # -- what can be reached ------------------------------------------------------------------------------------

    @property
    def subscription(self) -> str:
        """The one subscription."""
        return str(self.connection["arm"]["subscriptionIds"][0])

    def app(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A call of the app with its named key, or a signature; status 0: nobody answered."""
        key = {} if "webhook-id" in headers else {"X-API-Key": str(self.connection["namedKey"])}
        return call(method, self.connection["app"]["url"] + path, body, key | headers)

    def webhook(self, extension: str, path: str, body: Any, **headers: str) -> Answer:
        """A call of an extension's webhook with its system key."""
        return self._webhook("POST", extension, path, body, headers)

    def arm(self, method: str, path: str, body: Any = None) -> Any:
        """A call of ARM's control API, which always answers."""
        answer = call(method, self.connection["control"]["url"] + path, body)
        if not 200 <= answer.status < 300:
            raise StuckError(f"ARM answers {answer.status} to {method} {path}: {answer.body}")
        return answer.body

    def nudge(self, migration: str) -> None:
        """An event that nobody waits for, to each of a migration's orchestrations: a turn that changes nothing."""
        children = [replication_instance_id(migration, phase) for phase in PHASES]
        for instance in (migration, *children):
            self.webhook("durabletask", f"/instances/{instance}/raiseEvent/nudge", "nudge")

    def failed(self) -> list[tuple[str, str]]:
        """The orchestrations that are Failed now: instance id and when that execution was created."""
        query = "/instances?runtimeStatus=Failed&showInput=false&top=1000"
        answer = self._webhook("GET", "durabletask", query, None, {})
        listed = answer.body if answer.status == 200 else []
        return [(instance["instanceId"], instance["createdTime"]) for instance in listed]

    # -- what is known ------------------------------------------------------------------------------------------

    def records(self) -> dict[str, dict[str, Json]]:
        """All of the app's records, by partition."""
        return read_table(self._storage, TABLE)

    def row(self, migration: str, name: str) -> Json:
        """One row of a migration; empty while it is not there."""
        record = self._records.read(migration, name)
        return record.value if record else {}

    def open_migrations(self) -> list[str]:
        """Those that the app has not done with."""
        return [record.row for record in self._records.list("open")]

    def notices(self) -> list[Notice]:
        """Return the notices that were received: migration, kind and webhook-id."""
        return [
            (
                notice["body"]["data"]["migrationId"],
                notice["body"]["type"],
                notice["headers"]["webhook-id"],
            )
            for notice in self._receiver.received
        ]

    def _webhook(
        self, method: str, extension: str, path: str, body: Any, headers: dict[str, str]
    ) -> Answer:
        key = {"x-functions-key": str(self.connection["systemKeys"][extension.lower()])}
        url = f"{self.connection['app']['url']}/runtime/webhooks/{extension}{path}"
        return call(method, url, body, key | headers)
