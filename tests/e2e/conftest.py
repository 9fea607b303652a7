"""One app on each host that is here, driven by the scenarios' own client."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.azurite import azurite as azurite  # a fixture of the tests here
from tests.e2e.hosts import CoreTools, Embedded
from tests.e2e.processes import Processes, missing, settings, start_arm, start_azurite
from tests.scenarios.client import GALLERY_API, Client
from tests.scenarios.conftest import add_gallery
from tests.scenarios.receiver import Receiver
from tests.scenarios.waiting import until

WITHIN_SECONDS = 100.0


class RealTime(Client):
    """A client of an app whose clock nobody moves: it waits for what others move to."""

    def advance(self, duration: str) -> Any:
        """Only the local ARM's clock moves, by itself."""

    def advance_until(self, holds: Callable[[], Any], step: str = "PT3M", steps: int = 60) -> None:
        """Wait until the condition holds."""
        until(holds, WITHIN_SECONDS, lambda: self.process.printed()[-3000:])


def _succeeded(resource: Any) -> bool:
    return bool(resource and resource["properties"]["provisioningState"] == "Succeeded")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(CoreTools, marks=pytest.mark.e2e, id="func"),
        pytest.param(Embedded, id="embedded"),
    ],
)
def app(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealTime]:
    """The app on a host, with its Azure; skips where something is missing, and says what."""
    if request.param is CoreTools and not os.environ.get("GALLERY_MIGRATOR_E2E"):
        pytest.skip("opt-in: `make e2e` runs it on Azure Functions Core Tools")
    if lacks := missing(func=request.param is CoreTools):
        pytest.skip(f"missing on this machine: {lacks}")
    processes = Processes(tmp_path_factory.mktemp("e2e"))
    receiver = Receiver()
    try:
        storage = start_azurite(processes)
        arm = start_arm(processes)
        host = request.param(processes, settings(arm, storage, receiver.url), arm)
        client = RealTime(host, receiver)
        gallery = add_gallery(client)
        client.advance_until(lambda: _succeeded(client.arm("GET", gallery, api=GALLERY_API)))
        yield client
    finally:
        processes.close()
        receiver.close()
