"""The group and the networks of boot tests, and what is in the group, as the scenarios of boot tests see them."""

from typing import Any

from demo.boot_tests import REGIONS, SUBNET, group_id, network_id
from demo.identities import TESTER
from tests.scenarios.bodies import Json
from tests.scenarios.client import RESOURCES_API, Client

NETWORK_API = "2024-05-01"


def add_networks(cloud: Client) -> None:
    """Make the group of the machines, with a subnet in each region."""
    cloud.arm("PUT", group_id(cloud.subscription), {"location": "eastus2"}, RESOURCES_API)
    for region in REGIONS:
        body = {"location": region, "properties": {"subnets": [{"name": SUBNET}]}}
        cloud.arm("PUT", network_id(cloud.subscription, region), body, NETWORK_API)


def in_the_group(cloud: Client) -> list[str]:
    """The ids of everything in the group but its networks."""
    inside = group_id(cloud.subscription).lower() + "/"
    resources: list[Json] = cloud.control("GET", "/state")["resources"]
    ids = [str(each["id"]) for each in resources if str(each["id"]).lower().startswith(inside)]
    return [each for each in ids if "/virtualNetworks/" not in each]


def machine_fault(outcome: str, **fields: Any) -> Json:
    """A fault of machines: what is asked for by the tester ends like this."""
    return {"what": "machine", "outcome": outcome, "client": TESTER, "method": "PUT"} | fields


def asked_of(cloud: Client, *methods: str) -> list[str]:
    """The paths that the tester's identity asked for, by these methods or any."""
    return [line["path"] for line in cloud.arm_log(*methods) if line["client"] == TESTER]
