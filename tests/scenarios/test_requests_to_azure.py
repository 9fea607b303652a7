"""The number of a migration's requests to Azure: docs/architecture.md names each request with its reason."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.testing.figures import tell
from tests.scenarios.bodies import Json
from tests.scenarios.client import Client
from tests.scenarios.conftest import a_cloud, add_gallery

REGIONS = [{"name": "East US 2"}, {"name": "West Europe"}]


@pytest.fixture
def own_cloud(tmp_path: Path) -> Iterator[Client]:
    """A local cloud whose app looks at a version right after its write, and then when all is done."""
    with a_cloud(tmp_path, more={"REPLICATION_POLL_INTERVAL": "PT1H"}) as client:
        add_gallery(client)
        yield client


# Issue 13 has the plan of a deletion read the locks, and its statement and its gate look for the users of the image, in
# each subscription that they scan; here there is one.
GRAPH, LOCKS = 4, 3
# Machines, scale sets, images, templates, clusters of Service Fabric, labs, galleries; definitions of each gallery, and
# versions of the one definition.
LISTS, GALLERIES, VERSIONS = 7, 3, 1
SCAN = GRAPH + LOCKS + LISTS + GALLERIES + VERSIONS
SCANS = LOCKS + 2 * SCAN


def further_looks(log: list[Json]) -> int:
    """Looks at an image that is being deleted, but for one and the last: Azure takes 5 to 16 seconds, at random."""
    methods = [line["method"] for line in log]
    if "DELETE" not in methods:
        return 0
    looks = [line["status"] for line in log[methods.index("DELETE") + 1 :]]
    assert looks[-1] == 404
    return max(0, looks.count(200) - 1)


@pytest.mark.parametrize(
    ("delete", "most"), [(False, 21), (True, 36 + SCANS)], ids=["kept", "deleted"]
)
def test_a_migration_asks_azure_as_often_as_documented(
    own_cloud: Client, delete: bool, most: int
) -> None:
    """One image to two regions; what is read again is read for safety."""
    own_cloud.add_image("counted")
    before = len(own_cloud.arm_log())
    migration = own_cloud.start(own_cloud.request("counted", delete=delete, targetRegions=REGIONS))
    if delete:
        own_cloud.advance_to_stage("approval", migration, step="PT2H")
        assert own_cloud.decide(migration).status == 200
    (status,) = own_cloud.finish(migration)
    log = own_cloud.arm_log()[before:]
    asked = len(log) - further_looks(log)
    tell(f"requests to Azure, image {'deleted' if delete else 'kept'}: {asked}")
    assert status["outcome"] == "completed"
    assert asked <= most, [f"{line['method']} {line['path']}" for line in log]
