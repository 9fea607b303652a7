"""Node types of Service Fabric managed clusters (https://learn.microsoft.com/rest/api/servicefabric/managedclusters),
which Resource Graph has in no table."""

from arm.client import ArmClient
from arm.lists import read_children, read_provider_list
from arm.patience import Patience
from domain.values import Json

_API = "2024-04-01"
_CLUSTERS = "Microsoft.ServiceFabric/managedClusters"


def read_node_types(arm: ArmClient, subscription: str, patience: Patience) -> list[Json]:
    """The node types of all managed clusters of a subscription."""
    clusters = read_provider_list(arm, subscription, _CLUSTERS, _API, patience)
    return [
        node_type
        for cluster in clusters
        for node_type in read_children(arm, cluster, "nodeTypes", _API, patience)
    ]
