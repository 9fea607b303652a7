"""Node types of Service Fabric managed clusters (https://learn.microsoft.com/rest/api/servicefabric/managedclusters),
which Resource Graph has in no table."""

from arm.client import ArmClient
from arm.lists import Patience, read_children_of_all
from domain.values import Json

_API = "2024-04-01"
_CLUSTERS = "Microsoft.ServiceFabric/managedClusters"


def read_node_types(arm: ArmClient, subscription: str, patience: Patience) -> list[Json]:
    """The node types of all managed clusters of a subscription."""
    return read_children_of_all(arm, subscription, _CLUSTERS, "nodeTypes", _API, patience)
