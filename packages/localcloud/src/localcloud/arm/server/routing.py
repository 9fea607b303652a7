"""The emulator's table of contents: the function that answers each call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from localcloud.arm.protocol.call import Call, Reply
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.signing import Signer
from localcloud.arm.protocol.spelling import spelt
from localcloud.arm.provisioning import operations, reads, softdelete, writes
from localcloud.arm.provisioning.kinds import Kind
from localcloud.arm.provisioning.locking import check_locks
from localcloud.arm.resources import (
    application_versions,
    applications,
    boot_diagnostics,
    definitions,
    deployments,
    disks,
    encryption_sets,
    galleries,
    groups,
    image_users,
    images,
    locks,
    machine_views,
    regional,
    resource_index,
    run_commands,
    scale_set_calls,
    scale_sets,
    sharing,
    snapshots,
    subscriptions,
    untyped,
    versions,
    virtual_machines,
)
from localcloud.arm.state.world import World


@dataclass(frozen=True, slots=True)
class Site:
    """The parts of the server that any answer may need besides the world."""

    signer: Signer
    tenant: str
    subscriptions: tuple[str, ...]


KINDS: dict[str, Kind] = {
    kind.type.lower(): kind
    for kind in (
        galleries.KIND,
        definitions.KIND,
        versions.KIND,
        images.KIND,
        applications.KIND,
        application_versions.KIND,
        locks.KIND,
        virtual_machines.KIND,
        run_commands.KIND,
        scale_sets.KIND,
        encryption_sets.KIND,
        disks.KIND,
        snapshots.KIND,
        *image_users.KINDS,
    )
}
_SOFT = "microsoft.compute/galleries/softdeletedartifacttypes/artifacts/versions"
_OPERATIONS = ("capsoperations", "operations", "diskoperations", "asyncoperations")


def kind_of(call: Call) -> Kind:
    """The kind of the call's type; unknown types are kept as they are sent."""
    return KINDS.get(call.target.kind) or untyped.anything(call.target.type)


def answer(world: World, call: Call, site: Site) -> Reply:
    """The reply to an authenticated call. Raises ArmError for refusals."""
    if call.target.subscription.lower() not in site.subscriptions:
        raise refusal("subscription missing", subscription=call.target.subscription)
    special = _SPECIAL.get(call.target.kind)
    if special is not None:
        return special(world, call, site)
    last = call.target.types[-1].lower() if call.target.types else ""
    if last in _OPERATIONS and "/locations/" in call.target.kind:
        return operations.read(world, call)
    if not call.target.namespace:
        raise refusal("path unknown", namespace="", api=call.api)
    return _resource(world, call, site)


def _resource(world: World, call: Call, site: Site) -> Reply:
    kind = kind_of(call)
    if call.method == "POST":
        return _action(world, call, site)
    if call.target.is_collection:
        if call.method != "GET":
            raise refusal("method", method=call.method)
        return reads.listing(world, call, kind)
    match call.method:
        case "GET" | "HEAD":
            return reads.get(world, call, kind)
        case "PUT":
            return softdelete.put(world, spelt(call), kind, site.signer)
        case "PATCH":
            return writes.patch(world, spelt(call), kind, site.signer)
        case "DELETE":
            return softdelete.delete(world, call, kind, site.signer)
    raise refusal("method", method=call.method)


def _action(world: World, call: Call, site: Site) -> Reply:
    """POST of an action: sharing, or a machine's, which take a moment."""
    name = call.target.types[-1].lower()
    if call.target.kind == "microsoft.compute/galleries/share":
        return sharing.share(world, call, site.signer)
    path = call.target.path.rsplit("/", 1)[0]
    resource = world.find(path)
    if resource is None:
        raise writes.missing(call)
    check_locks(world, path, "write")
    if name == "generalize":
        return Reply(200)
    kind = KINDS.get(resource.type.lower()) or virtual_machines.KIND
    end = call.now + timedelta(seconds=world.seconds(kind.noun, resource.id))
    operation = operations.begin(
        call,
        resource=resource.id,
        family=kind.family,
        location=str(resource.location),
        end=end,
    )
    world.save(virtual_machines.after_action(resource, name), operation=operation)
    return Reply(202, None, operations.headers(world, call, operation, site.signer))


def _group(world: World, call: Call, _site: Site) -> Reply:
    if call.target.group is None:
        return groups.list_groups(world, call)
    match call.method:
        case "GET" | "HEAD":
            return groups.get_group(world, call)
        case "PUT" | "PATCH":
            return groups.put_group(world, call)
        case "DELETE":
            return groups.delete_group(world, call)
    raise refusal("method", method=call.method)


def _subscription(_world: World, call: Call, site: Site) -> Reply:
    return Reply(200, subscriptions.subscription(call, site.tenant))


def _resources(world: World, call: Call, _site: Site) -> Reply:
    return resource_index.list_resources(world, call)


def _locations(_world: World, call: Call, _site: Site) -> Reply:
    return Reply(200, subscriptions.locations(call))


def _done(_world: World, _call: Call, _site: Site) -> Reply:
    return Reply(200)


def _providers(_world: World, call: Call, _site: Site) -> Reply:
    if not call.target.names:
        return Reply(200, {"value": [subscriptions.provider(call, "Microsoft.Compute")]})
    return Reply(200, subscriptions.provider(call, call.target.names[0]))


def _soft_deleted(world: World, call: Call, _site: Site) -> Reply:
    return sharing.soft_deleted(world, call)


def _deployment(world: World, call: Call, site: Site) -> Reply:
    return deployments.answer(world, call, site.signer)


def _instances(world: World, call: Call, site: Site) -> Reply:
    return scale_set_calls.instances(world, call, site.signer)


def _delete_instances(world: World, call: Call, site: Site) -> Reply:
    return scale_set_calls.delete_instances(world, call, site.signer)


def _upgrade(world: World, call: Call, site: Site) -> Reply:
    return scale_set_calls.upgrade(world, call, site.signer)


def _machines_here(world: World, call: Call, _site: Site) -> Reply:
    return regional.listing(world, call, virtual_machines.KIND)


def _scale_sets_here(world: World, call: Call, _site: Site) -> Reply:
    return regional.listing(world, call, scale_sets.KIND)


def _instance_view(world: World, call: Call, _site: Site) -> Reply:
    return machine_views.instance_view(world, call)


def _diagnostics(world: World, call: Call, site: Site) -> Reply:
    return boot_diagnostics.addresses(world, call, site.signer)


_SPECIAL: dict[str, Callable[[World, Call, Site], Reply]] = {
    "": _subscription,
    "resourcegroups": _group,
    "resources": _resources,
    "locations": _locations,
    "operationresults": _done,
    "providers": _providers,
    "tagnames": _done,
    _SOFT: _soft_deleted,
    "microsoft.compute/virtualmachinescalesets/virtualmachines": _instances,
    "microsoft.compute/virtualmachinescalesets/delete": _delete_instances,
    "microsoft.compute/virtualmachinescalesets/manualupgrade": _upgrade,
    "microsoft.compute/virtualmachines/instanceview": _instance_view,
    "microsoft.compute/virtualmachines/retrievebootdiagnosticsdata": _diagnostics,
    "microsoft.compute/locations/virtualmachines": _machines_here,
    "microsoft.compute/locations/virtualmachinescalesets": _scale_sets_here,
    "microsoft.resources/deployments": _deployment,
    "microsoft.resources/deployments/operationstatuses": _deployment,
}
