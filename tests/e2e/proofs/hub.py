"""Two hosts on one task hub, with one Azure and one set of records, and what these say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from domain.ids import PHASES, replication_instance_id
from domain.migration.latch import Latch
from tests.crash.evidence import read_table
from tests.e2e.hosts import CoreTools
from tests.e2e.machines import CoreToolsElsewhere, missing_for_machines
from tests.e2e.processes import Processes, missing, settings, start_arm, start_azurite
from tests.e2e.real_time import RealTime
from tests.scenarios.conftest import add_gallery
from tests.scenarios.receiver import Receiver

TABLE = "GalleryMigrations"


@dataclass(frozen=True)
class Hub:
    """`client` drives the first host, which runs; `elsewhere` is the second, as on another machine."""

    client: RealTime
    host: CoreTools
    elsewhere: CoreToolsElsewhere
    storage: str

    def latches(self, migrations: Mapping[str, str]) -> dict[str, Latch]:
        """The latch of each migration, by its name."""
        records = read_table(self.storage, TABLE)
        return {
            name: Latch.model_validate(records[migration].get("latch", {}))
            for name, migration in migrations.items()
        }

    def swept_at(self) -> str:
        """Return the time at which a sweep of either host last ended."""
        return str(read_table(self.storage, TABLE)["sweep"]["last"]["at"])

    def failed(self) -> list[str]:
        """The orchestrations that are Failed now."""
        answer = self.client.durable("GET", "/instances?runtimeStatus=Failed&top=1000")
        assert answer.status_code == 200, answer.text
        return [instance["instanceId"] for instance in answer.json()]

    def nudge(self, migrations: Mapping[str, str]) -> None:
        """An event that nobody waits for, to every orchestration: turns that change nothing."""
        for migration in migrations.values():
            children = [replication_instance_id(migration, phase) for phase in PHASES]
            for instance in (migration, *children):
                self.client.durable("POST", f"/instances/{instance}/raiseEvent/nudge", "nudge")


@contextmanager
def a_hub(folder: Path, more: Mapping[str, str] | None = None) -> Iterator[Hub]:
    """A hub on which the first host runs; skips where something is missing. `more`: settings of both hosts."""
    if lacks := missing(func=True) or missing_for_machines():
        pytest.skip(f"missing on this machine: {lacks}")
    processes, receiver = Processes(folder), Receiver()
    try:
        storage, arm = start_azurite(processes), start_arm(processes)
        told = {**settings(arm, storage, receiver.url), **(more or {})}
        host = CoreTools(processes, told, arm)
        client = RealTime(host, receiver)
        add_gallery(client)
        yield Hub(client, host, CoreToolsElsewhere(processes, told, arm), storage)
    finally:
        processes.close()
        receiver.close()
