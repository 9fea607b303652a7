"""Ids of resources of any provider, taken apart: `ids.py` has those that people send."""

from typing import NamedTuple


class ResourceId(NamedTuple):
    """A top-level resource of a group, by its id."""

    text: str
    subscription: str
    resource_group: str
    namespace: str
    kind: str
    name: str


def parse_resource_id(text: str) -> ResourceId:
    """`/subscriptions/{}/resourceGroups/{}/providers/{namespace}/{kind}/{name}`; raises ValueError."""
    parts = text.split("/")
    fixed = {1: "subscriptions", 3: "resourcegroups", 5: "providers"}
    if len(parts) != 9 or any(parts[at].lower() != word for at, word in fixed.items()):
        raise ValueError(f"'{text}' is no id of a resource in a group")
    return ResourceId(text, parts[2], parts[4], parts[6], parts[7], parts[8])
