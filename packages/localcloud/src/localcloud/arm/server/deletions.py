"""Deletions of images as observers see them: at the last moment before one is carried out.

`ArmCloud.deletion_observers` are called on the server's thread, when nothing stands against the
deletion any more and nothing of it has been done. An observer that raises prevents it: the request
fails. For a test in another process the variable `LOCALCLOUD_DELETIONS` tells `ArmCloud.start` of a
file, to which a `Ledger` appends what it sees, or of a URL, to which a `Hook` posts it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

from localcloud.arm.protocol.timestamps import arm_time
from localcloud.arm.server.inspection import described, whole_state
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.world import Watcher, World

VARIABLE = "LOCALCLOUD_DELETIONS"
PATIENCE = 20.0
_IMAGE = "microsoft.compute/images"


@dataclass(frozen=True, slots=True)
class Deletion:
    """An image that is about to go.

    image: as `GET /state` describes it; time: the emulated moment; correlation: the request's
    correlation id; client: the client id of the identity that asked for it; state: the answer of
    `GET /state` at this moment, the image still in it.
    """

    image: Json
    time: str
    correlation: str
    client: str
    state: Callable[[], Json]

    def as_json(self) -> Json:
        """All of it, with the whole state."""
        said = {"image": self.image, "time": self.time, "correlationId": self.correlation}
        return said | {"client": self.client, "state": self.state()}


DeletionObserver = Callable[[Deletion], None]


class Ledger:
    """Appends deletions to a file, one line of JSON each."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, deletion: Deletion) -> None:
        """Keep one; it is on disk when this returns."""
        with self._path.open("a") as file:
            file.write(json.dumps(deletion.as_json()) + "\n")


class PreventedError(Exception):
    """A deletion that nobody has agreed to."""


class Hook:
    """Posts deletions to a URL and waits for the answer: anything but a 2xx prevents the deletion.

    The emulator stands still meanwhile, and so does all that runs in its process: whoever answers may
    not call it.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, deletion: Deletion) -> None:
        """Post one. Raises PreventedError when nobody agrees within `PATIENCE` seconds."""
        body = json.dumps(deletion.as_json()).encode()
        request = Request(self._url, body, {"Content-Type": "application/json"})
        try:
            # Never through a proxy: a test is on this machine.
            with build_opener(ProxyHandler({})).open(request, timeout=PATIENCE):
                pass
        except OSError as error:
            raise PreventedError(f"{self._url}: {error}") from error


def asked_for() -> list[DeletionObserver]:
    """The observer that the environment asks for, if it does."""
    place = os.environ.get(VARIABLE)
    if not place:
        return []
    return [Hook(place) if place.startswith("http:") else Ledger(Path(place))]


def watcher(world: World, observers: list[DeletionObserver]) -> Watcher:
    """The world's watcher that tells these observers of images."""

    def watch(resource: Resource, correlation: str, client: str) -> None:
        if resource.type.lower() != _IMAGE:
            return
        told = Deletion(
            image=described(world, resource),
            time=arm_time(world.now()),
            correlation=correlation,
            client=client,
            state=lambda: whole_state(world),
        )
        for observer in list(observers):
            observer(told)

    return watch
