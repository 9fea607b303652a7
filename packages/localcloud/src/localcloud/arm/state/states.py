"""The state a client sees, computed from a resource and a moment."""

from __future__ import annotations

from datetime import datetime

from localcloud.arm.state.model import Json, Resource


def provisioning(resource: Resource, now: datetime) -> str:
    """`provisioningState`: the pending change until it is ready, then how it ended."""
    if resource.change == "None" or resource.ready is None:
        return "Succeeded"
    if now < resource.ready:
        return resource.change
    return "Failed" if resource.failure else "Succeeded"


def is_pending(resource: Resource, now: datetime) -> bool:
    """Return True if a change is under way."""
    return resource.change != "None" and resource.ready is not None and now < resource.ready


def is_gone(resource: Resource, now: datetime) -> bool:
    """Return True if its deletion has ended well."""
    return (
        resource.change == "Deleting"
        and resource.ready is not None
        and now >= resource.ready
        and resource.failure is None
    )


def exists_fully(resource: Resource, now: datetime) -> bool:
    """Return True if some change has ever succeeded: only then its late properties are known."""
    return resource.born or provisioning(resource, now) == "Succeeded"


def properties(resource: Resource, now: datetime) -> Json:
    """The properties of an answer, `provisioningState` included."""
    body = resource.properties
    if resource.revealed and exists_fully(resource, now):
        body = body | resource.revealed
    return body | {"provisioningState": provisioning(resource, now)}


def envelope(resource: Resource, inner: Json, request_id: str | None = None) -> Json:
    """A resource as ARM answers it. The id echoes the casing of the request's path."""
    body: Json = {
        "name": resource.name,
        "id": request_id or resource.id,
        "type": resource.type,
    }
    if resource.location is not None:
        body["location"] = resource.location
    if resource.tags is not None:
        body["tags"] = dict(resource.tags)
    return body | resource.extras | {"properties": inner}
