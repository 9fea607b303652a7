"""The group and the networks of boot tests, and what is in the group, as the scenarios of boot tests see them."""

from typing import Any

from demo.boot_tests import REGIONS, group_id, network_id
from demo.identities import TESTER
from localcloud.arm.server.seed import TEST_SUBNET
from tests.scenarios.bodies import Json
from tests.scenarios.client import RESOURCES_API, Client

NETWORK_API = "2024-05-01"


def add_networks(cloud: Client) -> None:
    """Make the group of the machines, with a subnet in each region."""
    cloud.arm("PUT", group_id(cloud.subscription), {"location": "eastus2"}, RESOURCES_API)
    for region in REGIONS:
        body = {"location": region, "properties": {"subnets": [{"name": TEST_SUBNET}]}}
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


def machines_made(cloud: Client) -> int:
    """The machines that there ever were in the group."""
    state = cloud.control("GET", "/state")
    ever = [str(each["id"]) for each in (*state["resources"], *state["deleted"])]
    return len(
        [each for each in ever if "/virtualMachines/boot-" in each and "/runCommands" not in each]
    )


def make_version(cloud: Client, name: str, **fields: Any) -> str:
    """The id of a version that a migration has made; its image is kept."""
    migration = cloud.begin(name, delete=False, **fields)
    (status,) = cloud.finish(migration)
    assert status["outcome"] == "completed", status
    return str(status["versionId"])


def start_test(cloud: Client, version: str, **fields: Any) -> Json:
    """A test of a version, accepted; its status then."""
    answer = cloud.call("POST", "/api/boot-tests", {"versionId": version, **fields})
    assert answer.status == 202, answer
    assert answer.headers["Location"] == f"/api/boot-tests/{answer.body['id']}"
    started: Json = answer.body
    return started


def read_test(cloud: Client, test_id: str) -> Json:
    """The status of a test that must be known."""
    answer = cloud.call("GET", f"/api/boot-tests/{test_id}")
    assert answer.status == 200, answer
    status: Json = answer.body
    return status


def finish_test(cloud: Client, test_id: str) -> Json:
    """Move the clock until nothing is left of a test; its status then."""
    cloud.advance_until(lambda: read_test(cloud, test_id)["stage"] == "finished")
    return read_test(cloud, test_id)
