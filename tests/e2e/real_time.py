"""The scenarios' client, of an app whose clock nobody moves; only the clock of its Azure is moved."""

from collections.abc import Callable
from typing import Any

from localcloud.testing.waiting import until
from tests.e2e.hosts import Host
from tests.scenarios.bodies import Json
from tests.scenarios.client import Client
from tests.scenarios.receiver import Receiver

WITHIN_SECONDS = 240.0
# A look costs the host a call of the worker, which has better things to do.
LOOK_AGAIN_SECONDS = 0.4


class RealTime(Client):
    """Drives an app on any host. What the local cloud's clock would bring at once is waited for."""

    patience = 60.0

    def __init__(self, host: Host, receiver: Receiver) -> None:
        self.host = host
        super().__init__(host, receiver)

    def advance_until(self, holds: Callable[[], Any], step: str = "PT3M", steps: int = 60) -> None:
        """Move Azure's clock, and wait, until the condition holds."""

        def look() -> bool:
            if holds():
                return True
            self.advance(step)
            return False

        until(look, WITHIN_SECONDS, self._story, LOOK_AGAIN_SECONDS)

    def wait_until(self, holds: Callable[[], Any], seconds: float = WITHIN_SECONDS) -> None:
        """Wait, while Azure's clock stands still, until the condition holds."""
        until(holds, seconds, self._story, LOOK_AGAIN_SECONDS)

    def finish(self, *migrations: str) -> list[Json]:
        """Wait until all these migrations have an outcome and told it, which follows; their statuses."""
        super().finish(*migrations)
        self.wait_until(lambda: all(self._told_its_end(migration) for migration in migrations))
        return [self.status(migration) for migration in migrations]

    def _told_its_end(self, migration: str) -> bool:
        kinds = [notice["body"]["type"] for notice in self.notifications(migration)]
        return "migration.finished" in kinds

    def empty(self) -> None:
        """An Azure with nothing in it, and a host that starts on a task hub and records of its own."""
        self.control("POST", "/reset")
        self.host.stop()
        self.host.renew()
        self.connect()

    def end_all(self, migrations: list[Json]) -> None:
        """Cancel what waits for days; what is beyond that ends by itself."""
        for migration in migrations:
            self.cancel(migration["id"])
        self.finish(*(migration["id"] for migration in migrations))

    def _story(self) -> str:
        return self.process.printed()[-3000:]
