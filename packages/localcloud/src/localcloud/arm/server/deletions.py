"""Deletions of images as observers see them: at the last moment before one is carried out.

`ArmCloud.deletion_observers` are called on the server's thread, when nothing stands against the
deletion any more and nothing of it has been done. An observer that raises prevents it: the request
fails. A `Ledger` is an observer that keeps what it saw in a file, for a test in another process; the
variable `LOCALCLOUD_DELETIONS` names the file to `ArmCloud.start`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from localcloud.arm.protocol.timestamps import arm_time
from localcloud.arm.server.inspection import described, whole_state
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.world import Watcher, World

VARIABLE = "LOCALCLOUD_DELETIONS"
_IMAGE = "microsoft.compute/images"


@dataclass(frozen=True, slots=True)
class Deletion:
    """An image that is about to go.

    image: as `GET /state` describes it; time: the emulated moment; correlation: the request's
    correlation id; state: the answer of `GET /state` at this moment, the image still in it.
    """

    image: Json
    time: str
    correlation: str
    state: Callable[[], Json]

    def as_json(self) -> Json:
        """All of it, with the whole state."""
        said = {"image": self.image, "time": self.time, "correlationId": self.correlation}
        return said | {"state": self.state()}


DeletionObserver = Callable[[Deletion], None]


class Ledger:
    """Appends deletions to a file, one line of JSON each."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, deletion: Deletion) -> None:
        """Keep one; it is on disk when this returns."""
        with self._path.open("a") as file:
            file.write(json.dumps(deletion.as_json()) + "\n")


def asked_for() -> list[DeletionObserver]:
    """The ledger that the environment asks for, if it does."""
    path = os.environ.get(VARIABLE)
    return [Ledger(Path(path))] if path else []


def watcher(world: World, observers: list[DeletionObserver]) -> Watcher:
    """The world's watcher that tells these observers of images."""

    def watch(resource: Resource, correlation: str) -> None:
        if resource.type.lower() != _IMAGE:
            return
        told = Deletion(
            image=described(world, resource),
            time=arm_time(world.now()),
            correlation=correlation,
            state=lambda: whole_state(world),
        )
        for observer in list(observers):
            observer(told)

    return watch
