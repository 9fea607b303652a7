"""Scale sets (https://learn.microsoft.com/rest/api/compute/virtual-machine-scale-sets), and the machines of uniform
ones, which are in no list but their set's."""

from arm.client import ArmClient
from arm.lists import Patience, read_compute_children, read_compute_list
from domain.values import Json


def read_scale_sets(arm: ArmClient, subscription: str, patience: Patience) -> list[Json]:
    """All scale sets of a subscription."""
    client = arm.compute(subscription)
    return read_compute_list(patience, client.virtual_machine_scale_sets.list_all)


def read_set_machines(arm: ArmClient, scale_set: Json, patience: Patience) -> list[Json]:
    """The machines of a uniform scale set; none if it has gone since it was listed."""
    parts = str(scale_set["id"]).split("/")
    client = arm.compute(parts[2])
    call = client.virtual_machine_scale_set_vms.list
    return read_compute_children(patience, call, parts[4], parts[8])
