"""The readings of a scan for users of an image, as a table: each reading with what it is part of and what it is called.

A reading gives rows of JSON, or raises what asking Azure may raise, or AnswerCutError.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import Enum, auto
from functools import partial
from typing import NamedTuple

from arm.all_versions import read_all_versions
from arm.client import ArmClient
from arm.image_templates import read_templates
from arm.images import read_images
from arm.lab_images import read_lab_images
from arm.lists import Patience
from arm.locks import lock_scopes, read_locks
from arm.node_types import read_node_types
from arm.resource_graph import read_graph
from arm.scale_sets import read_scale_sets, read_set_machines
from arm.virtual_machines import read_machines
from domain.errors import MigratorError
from domain.ids import ComputeId
from domain.references.graph import SUBSCRIPTIONS, incomplete, user_queries
from domain.values import Json


class AnswerCutError(MigratorError):
    """Resource Graph did not give all there is."""


class Part(Enum):
    """The part of a scan that rows belong to."""

    GRAPH = auto()
    SUBSCRIPTIONS = auto()
    LISTS = auto()
    LOCKS = auto()
    MACHINES = auto()
    SCALE_SETS = auto()
    IMAGES = auto()


class Reading(NamedTuple):
    """One part of a scan: what it is called in a gap, and how it is read."""

    part: Part
    where: str
    read: Callable[[Patience], list[Json]]


# By subscription, in any order.
_LISTS = (
    ("image versions", read_all_versions),
    ("Image Builder templates", read_templates),
    ("Service Fabric node types", read_node_types),
    ("DevTest Labs custom images", read_lab_images),
)
_MACHINES = (
    (Part.MACHINES, "virtual machines", read_machines),
    (Part.SCALE_SETS, "scale sets", read_scale_sets),
)


def early_readings(
    arm: ArmClient, image: ComputeId, subscriptions: Iterable[str], named: Sequence[str]
) -> list[Reading]:
    """Everything but machines and scale sets. `named`: the subscriptions that Resource Graph is asked about; empty for
    the whole tenant."""
    graph = partial(_read_graph, arm, image.subscription, named)
    queries = [(Part.GRAPH, query) for query in user_queries(image)]
    asked = [*queries, (Part.SUBSCRIPTIONS, SUBSCRIPTIONS)]
    return [
        *(
            Reading(part, f"Resource Graph, {query.partition(' ')[0]}", partial(graph, query))
            for part, query in asked
        ),
        *(
            Reading(Part.LOCKS, f"locks at {scope}", partial(read_locks, arm, scope))
            for scope in lock_scopes(image)
        ),
        *(
            Reading(Part.LISTS, f"{name} of {subscription}", partial(read, arm, subscription))
            for subscription in subscriptions
            for name, read in _LISTS
        ),
        *(
            Reading(
                Part.IMAGES, f"images of {subscription}", partial(read_images, arm, subscription)
            )
            for subscription in subscriptions
        ),
    ]


def machine_readings(arm: ArmClient, subscriptions: Iterable[str]) -> list[Reading]:
    """Machines and scale sets."""
    return [
        Reading(part, f"{name} of {subscription}", partial(read, arm, subscription))
        for subscription in subscriptions
        for part, name, read in _MACHINES
    ]


def set_readings(arm: ArmClient, scale_sets: Iterable[Json]) -> list[Reading]:
    """The machines of uniform scale sets."""
    return [
        Reading(Part.LISTS, f"machines of {body['id']}", partial(read_set_machines, arm, body))
        for body in scale_sets
    ]


def _read_graph(
    arm: ArmClient, asked_by: str, named: Sequence[str], query: str, patience: Patience
) -> list[Json]:
    """The rows of a query. Raises AnswerCutError if they are not all there is."""
    pages = read_graph(arm, asked_by, query, named, patience)
    if why := incomplete(pages):
        raise AnswerCutError(why)
    return [row for page in pages for row in page.body["data"]]
