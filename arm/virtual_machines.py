"""Virtual machines (https://learn.microsoft.com/rest/api/compute/virtual-machines), those of flexible sets too."""

from arm.client import ArmClient
from arm.lists import Patience, read_compute_list
from domain.values import Json


def read_machines(arm: ArmClient, subscription: str, patience: Patience) -> list[Json]:
    """All virtual machines of a subscription."""
    return read_compute_list(patience, arm.compute(subscription).virtual_machines.list_all)
