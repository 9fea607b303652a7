"""The types of resources, as far as the emulator must know them to serve them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from localcloud.arm.protocol.call import Call
from localcloud.arm.state.model import Failure, Json, Region, Resource
from localcloud.arm.state.states import properties
from localcloud.arm.state.world import World


@dataclass(frozen=True, slots=True)
class Draft:
    """The outcome of a write: `properties` at once, `revealed` after `seconds`, or then the `failure`."""

    properties: Json
    seconds: float
    revealed: Json = field(default_factory=dict)
    extras: Json = field(default_factory=dict)
    hidden: Json = field(default_factory=dict)
    failure: Failure | None = None
    regions: tuple[Region, ...] = ()
    # Instead of now and `seconds`.
    end: datetime | None = None
    # The answer's provisioningState, instead of the kind's.
    answer: str | None = None


Write = Callable[[World, Call, Resource | None], Draft]
Check = Callable[[World, Call, Resource], None]
Show = Callable[[Resource, Call], Json]
Listing = Callable[[World, Call], list[Resource]]


def plain(resource: Resource, call: Call) -> Json:
    """The properties as they are kept."""
    return properties(resource, call.now)


def unchecked(world: World, call: Call, resource: Resource) -> None:
    """Allow every deletion."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of resource: its writes, its answers and its deletion.

    noun names its rows in `durations.QUANTILES`; family is the segment of its operation URLs.
    A synchronous kind answers without an operation. listing returns the resources that a list shows, where
    they are not just the collection's own.
    """

    type: str
    noun: str
    write: Write
    show: Show = plain
    erase: Check = unchecked
    family: str = "capsOperations"
    retry_after: int | None = None
    synchronous: bool = False
    # True if a new one must name its location.
    located: bool = True
    created_status: int = 201
    updated_status: int = 200
    # provisioningState by method.
    answers: Mapping[str, str] = field(default_factory=dict)
    delete_status: int = 202
    # True if its nested resources go with it, instead of standing against its deletion.
    nested_go: bool = False
    listing: Listing | None = None
