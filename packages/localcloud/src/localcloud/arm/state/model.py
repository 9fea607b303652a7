"""The values the emulator keeps: resources, asynchronous operations, replication per region.

Nothing here knows the time. Every state a client sees is computed from these values and the moment
of the request (`states.py`, `replication.py`), so moving the clock moves the cloud.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

# A JSON object: where JSON enters, its shape is Azure's business.
Json = dict[str, Any]

Change = Literal["Creating", "Updating", "Deleting", "None"]


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as ARM reports it, in a response or as the end of an operation."""

    code: str
    message: str
    target: str | None = None

    def as_json(self) -> Json:
        """The body of an `error` key."""
        body = {"code": self.code, "message": self.message}
        return body | ({"target": self.target} if self.target else {})


@dataclass(frozen=True, slots=True)
class Operation:
    """One asynchronous operation, as its `Azure-AsyncOperation` URL reports it."""

    id: str
    resource: str
    # The URL's segment: capsOperations, operations, DiskOperations.
    family: str
    location: str
    start: datetime
    end: datetime
    failure: Failure | None = None
    retry_after: int | None = None
    # Disks answer their body as properties.output.
    output: bool = False
    # The body of its Location's answer after the end.
    answer: Json | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """The course of an image version in one target region.

    `shape` names the curve of its progress (`replication.SHAPES`); a failure ends it at `end`.
    """

    # The short form, as "eastus2".
    name: str
    start: datetime
    end: datetime
    shape: str = "steady"
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource and the last change asked of it.

    `properties` is what an answer shows while the first change runs; `revealed` is merged into it
    once that has succeeded (disk sizes, for example, are known only then). `born` says that some
    change has succeeded before the pending one, `hidden` is for the emulator only.
    """

    id: str
    type: str
    location: str | None
    properties: Json
    created: datetime
    tags: Mapping[str, str] | None = None
    extras: Json = field(default_factory=dict)
    revealed: Json = field(default_factory=dict)
    hidden: Json = field(default_factory=dict)
    change: Change = "None"
    ready: datetime | None = None
    failure: Failure | None = None
    born: bool = False
    operation: str | None = None
    regions: tuple[Region, ...] = ()
    soft_deleted: datetime | None = None

    @property
    def name(self) -> str:
        """The last segment of the id."""
        return self.id.rsplit("/", 1)[-1]

    @property
    def key(self) -> str:
        """The id by which it is found: ARM compares ids without case."""
        return self.id.lower()

    @property
    def collection(self) -> str:
        """The key of the collection it is listed in."""
        return self.key.rsplit("/", 1)[0]


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A resource that is gone: who asked, when it went, and what it was."""

    id: str
    type: str
    gone: datetime
    correlation: str
    body: Json
