"""The app's boot tests in the local cloud: the group of their machines, and a subnet in each region that has one."""

from __future__ import annotations

import json

GROUP, NETWORK, SUBNET = "boot-tests", "tests", "machines"
REGIONS = ("eastus2", "westeurope")


def group_id(subscription: str) -> str:
    """The id of the group."""
    return f"/subscriptions/{subscription}/resourceGroups/{GROUP}"


def network_id(subscription: str, region: str) -> str:
    """The id of the network in a region."""
    return (
        f"{group_id(subscription)}/providers/Microsoft.Network/virtualNetworks/{NETWORK}-{region}"
    )


def boot_test_settings(subscription: str) -> dict[str, str]:
    """The settings that name them."""
    subnets = {region: f"{network_id(subscription, region)}/subnets/{SUBNET}" for region in REGIONS}
    return {
        "BOOT_TEST_RESOURCE_GROUP": group_id(subscription),
        "BOOT_TEST_SUBNETS": json.dumps(subnets),
    }
