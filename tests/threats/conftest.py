"""The threats of docs/deletion.md: each test does what the attacker did, to the whole app on the local cloud."""

from collections.abc import Iterator

import pytest

from tests.scenarios import promises
from tests.scenarios.client import Client
from tests.scenarios.conftest import a_cloud, add_gallery


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A local cloud with a gallery; every promise is checked when the module is through."""
    with a_cloud(tmp_path_factory.mktemp("threats")) as client:
        add_gallery(client)
        yield client
        client.no_faults()
        promises.check(client)


@pytest.fixture(autouse=True)
def _well_behaved_azure(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test leaves faults to the next one."""
    yield
    if "cloud" in request.fixturenames:
        request.getfixturevalue("cloud").no_faults()
