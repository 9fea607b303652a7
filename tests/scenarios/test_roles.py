"""The roles of infra/: what the app asks of Azure needs every action of them, and no other."""

from collections.abc import Iterator

import pytest

from demo.identities import DELETER, PUBLISHER, TESTER, actions_of
from domain.references.kinds import KINDS
from localcloud.arm.protocol.actions import need_of
from localcloud.testing.figures import tell
from tests.scenarios.bodies import Json
from tests.scenarios.boot_machines import add_networks, machine_fault
from tests.scenarios.client import Client
from tests.scenarios.conftest import a_cloud, add_gallery

# What a type of the scan lies in is read on the way to it.
PARENTS = {
    "microsoft.batch/batchaccounts",
    "microsoft.compute/galleries",
    "microsoft.compute/galleries/images",
    "microsoft.devtestlab/labs",
    "microsoft.servicefabric/managedclusters",
}

# Read only, and not by these migrations.
RARE = {
    "microsoft.resources/subscriptions/read": "the row by which a scan knows that a subscription was looked at",
    "microsoft.resources/subscriptions/resourcegroups/read": "a 404 may mean that the group is gone",
    "microsoft.compute/locations/operations/read": "a DELETE that Azure took, and did not carry out",
}


# Checked by Azure on the way of a machine's PUT: no request of ours names them.
LINKED = {"subnet-joiner", "version-reader"}


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, set[str]]]:
    """The actions that everything the app does has needed, by identity."""
    with a_cloud(tmp_path_factory.mktemp("roles")) as cloud:
        add_gallery(cloud)
        add_gallery(cloud, "kept", softDeletePolicy={"isSoftDeleteEnabled": True})
        add_networks(cloud)
        _boot_everything(cloud)
        _do_everything(cloud)
        yield _needed(cloud.arm_log())


def _do_everything(cloud: Client) -> None:
    """Every route that asks Azure, and migrations to every end."""
    for route in ("images", "galleries", "health"):
        assert cloud.call("GET", f"/api/{route}").status == 200
    deleted, failed, late = (cloud.begin(name) for name in ("deleted", "failed", "late"))
    in_another = {"galleryId": _gallery(cloud, "kept"), "delete": False}
    kept = cloud.begin("kept", **in_another)
    image = cloud.status(deleted)["sourceImageId"]
    assert cloud.call("GET", f"/api/references?imageId={image}").status == 200
    cloud.faults({"what": "replication", "outcome": "fail", "path": "/images/failed/"})
    cloud.advance_to_stage("approval", deleted, late)
    cloud.decide(deleted)
    cloud.finish(deleted)
    # Where versions are deleted softly, names may be taken that no list shows.
    assert cloud.call("POST", "/api/plans", cloud.request("kept", **in_another)).status == 200
    cloud.end_all([cloud.status(migration) for migration in (failed, late, kept)])


def _boot_everything(cloud: Client) -> None:
    """Boot tests with a script, without an agent, and with leftovers."""
    cloud.faults(
        machine_fault("agent", path="/virtualMachines/.*", nth=1),
        machine_fault("left", method="DELETE"),
    )
    silent = cloud.begin("silent", delete=False, bootTest={})
    cloud.finish(silent)
    scripted = cloud.begin("scripted", delete=False, bootTest={"script": "true"})
    cloud.finish(scripted)


def _gallery(cloud: Client, name: str) -> str:
    return str(cloud.request("deleted")["galleryId"]).rpartition("/")[0] + f"/{name}"


def _needed(log: list[Json]) -> dict[str, set[str]]:
    needed: dict[str, set[str]] = {PUBLISHER: set(), DELETER: set(), TESTER: set()}
    for line in log:
        need = need_of(line["method"], line["path"])
        if line["client"] in needed and need is not None:
            needed[line["client"]].add(need.action.lower())
    return needed


def lower(role: str) -> set[str]:
    """The actions of a role, as they are compared."""
    return {action.lower() for action in actions_of(role)}


@pytest.mark.parametrize("role", ["publisher", "deleter", "soft-delete-reader", "tester"])
def test_a_role_has_no_action_that_nothing_uses(used: dict[str, set[str]], role: str) -> None:
    """An identity that writes or deletes has exactly the rights that it uses."""
    asked = used[{"deleter": DELETER, "tester": TESTER}.get(role, PUBLISHER)]
    assert lower(role) - asked == set()


def test_no_role_lacks_an_action(used: dict[str, set[str]]) -> None:
    """The publisher's three together, and the deleter's one."""
    mine = lower("reader") | lower("publisher") | lower("soft-delete-reader")
    tell(
        f"actions: {len(used[PUBLISHER])} used by the publisher, {len(used[DELETER])} by the deleter"
    )
    assert used[PUBLISHER] - mine == set()
    assert used[DELETER] == lower("deleter")
    assert used[TESTER] == lower("tester")


def test_the_reader_sees_every_type_of_the_scan(used: dict[str, set[str]]) -> None:
    """Resource Graph leaves out what may not be read without a word: the scan's own list, and what is used besides."""
    scan = {f"{kind}/read" for kind in (*KINDS, *PARENTS)}
    assert scan - lower("reader") == set()
    assert lower("reader") - scan - used[PUBLISHER] - RARE.keys() == set()


@pytest.mark.parametrize(
    "role", ["reader", "publisher", "deleter", "soft-delete-reader", "tester", *sorted(LINKED)]
)
def test_roles_name_each_action_once_and_whole(role: str) -> None:
    """No wildcard, nothing twice, in order."""
    actions = actions_of(role)
    assert not [action for action in actions if "*" in action]
    assert actions == sorted(set(actions))
