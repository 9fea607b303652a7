"""The app's boot tests in the local cloud: the group of their machines, and a subnet in each region that has one."""

from __future__ import annotations

import json
from collections.abc import Mapping

from localcloud.arm.server.seed import TEST_GROUP, TEST_NETWORKS, TEST_SUBNET

REGIONS = tuple(TEST_NETWORKS)


def group_id(subscription: str) -> str:
    """The id of the group."""
    return f"/subscriptions/{subscription}/resourceGroups/{TEST_GROUP}"


def network_id(subscription: str, region: str) -> str:
    """The id of the network in a region."""
    networks = f"{group_id(subscription)}/providers/Microsoft.Network/virtualNetworks"
    return f"{networks}/{TEST_NETWORKS[region]}"


def boot_test_settings(subscription: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The settings that name them; in the environment another group, or, where it is empty, none."""
    group = environ.get("BOOT_TEST_RESOURCE_GROUP", group_id(subscription))
    subnets = {
        region: f"{network_id(subscription, region)}/subnets/{TEST_SUBNET}" for region in REGIONS
    }
    return {
        "BOOT_TEST_RESOURCE_GROUP": group,
        "BOOT_TEST_SUBNETS": json.dumps(subnets),
    }
