"""The same app on func and on the embedded host, driven by the scenarios' own client."""

from collections.abc import Iterator

import pytest

# A fixture of the tests here.
from tests.azurite import azurite as azurite
from tests.e2e.apps import an_app
from tests.e2e.hosts import CoreTools, Embedded, Host
from tests.e2e.opting import opted_in
from tests.e2e.real_time import RealTime
from tests.scenarios.conftest import add_gallery


@pytest.fixture(scope="module")
def func(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealTime]:
    """The app on func, with a gallery: the real Durable extension."""
    opted_in()
    with an_app(CoreTools, tmp_path_factory.mktemp("func")) as client:
        add_gallery(client)
        yield client


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(CoreTools, marks=pytest.mark.e2e, id="func"),
        pytest.param(Embedded, id="embedded"),
    ],
)
def app(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealTime]:
    """The app on a host, with a gallery; skips where something is missing, and says what."""
    host: type[Host] = request.param
    if host is CoreTools:
        opted_in()
    with an_app(host, tmp_path_factory.mktemp(host.name)) as client:
        add_gallery(client)
        yield client
