"""One host for all scenarios, emptied for every module, and what must hold at the end of each."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from localcloud.arm.protocol.call import Exchange
from localcloud.arm.server import observing
from localcloud.testing.figures import tell
from packages.localcloud.tests.arm.spec.judging import GAPS, judge
from packages.localcloud.tests.arm.spec.swagger import why_no_validator
from tests.e2e.apps import an_app
from tests.e2e.hosts import CoreTools
from tests.scenarios import bodies, promises
from tests.scenarios.client import GALLERY_API, RESOURCES_API, Client
from tests.scenarios.not_on_func import why_not
from tests.scenarios.process import LocalCloudProcess
from tests.scenarios.receiver import SECRET, Receiver

HERE = Path(__file__).parent


@contextmanager
def a_cloud(
    folder: Path, tape: Path | None = None, more: Mapping[str, str] | None = None
) -> Iterator[Client]:
    """A local cloud of one's own, with somebody who receives its notifications.

    `tape`: where to keep what ARM was asked and answered. `more`: settings of the app.
    """
    receiver = Receiver()
    settings = {
        **({observing.VARIABLE: str(tape)} if tape else {}),
        "EVENT_GRID_MAPPING": json.dumps(bodies.MAPPING),
        "NOTIFICATION_URL": receiver.url,
        "NOTIFICATION_SECRET": SECRET,
        **(more or {}),
    }
    process = LocalCloudProcess(folder, settings)
    try:
        yield Client(process, receiver)
    finally:
        process.stop()
        receiver.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On func, what needs a moved clock is skipped, with the reason."""
    if not on_func(config):
        return
    for item in items:
        if item.path.is_relative_to(HERE) and (reason := why_not(item)):
            item.add_marker(pytest.mark.skip(reason=reason))


def on_func(config: pytest.Config) -> bool:
    """Return True if the scenarios run on func instead of the embedded local cloud."""
    return bool(config.getoption("host") == "func")


@pytest.fixture(scope="session")
def running_cloud(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """A host that serves the whole session: the embedded local cloud, or func."""
    folder = tmp_path_factory.mktemp("cloud")
    if on_func(request.config):
        with an_app(CoreTools, folder) as real:
            yield real
    else:
        yield from _embedded_cloud(folder)


def _embedded_cloud(folder: Path) -> Iterator[Client]:
    """All that its ARM answered is judged in the end."""
    tape = folder / "exchanges.jsonl"
    judging = why_no_validator() is None
    with a_cloud(folder, tape if judging else None) as client:
        yield client
    if judging:
        tell(f"scenarios: {_judge(observing.Tape.read(tape), folder / 'swagger')}")


def _judge(seen: list[Exchange], folder: Path) -> str:
    """Every answer that no test spoilt keeps to the swagger; what tests send on purpose need not."""
    judged = judge([exchange for exchange in seen if exchange.fault is None], folder)
    broken = [
        f"{pair['liveRequest']['method']} {pair['liveRequest']['url']}: {finding}"
        for pair, finding in judged.findings()
        if finding.half != "request" and not any(gap.covers(finding) for gap in GAPS)
    ]
    assert judged.verdicts, "the scenarios asked nothing that the swagger describes"
    assert not broken, "\n".join(broken)
    return judged.figure()


@pytest.fixture(scope="module")
def cloud(running_cloud: Client) -> Iterator[Client]:
    """The local cloud, empty but for a gallery; every promise is checked when the module is through."""
    running_cloud.empty()
    running_cloud.answers.clear()
    running_cloud.receiver.received.clear()
    running_cloud.deleted_by_tests.clear()
    add_gallery(running_cloud)
    yield running_cloud
    running_cloud.no_faults()
    promises.check(running_cloud)


@pytest.fixture(autouse=True)
def _well_behaved_azure(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test leaves faults to the next one."""
    yield
    if "cloud" in request.fixturenames:
        request.getfixturevalue("cloud").no_faults()


def add_gallery(client: Client, name: str = bodies.GALLERY, **properties: object) -> str:
    """Make a gallery, with its group; its id."""
    group = bodies.group_id(client.subscription, bodies.GALLERY_GROUP)
    client.arm("PUT", group, {"location": bodies.HERE}, RESOURCES_API)
    gallery = bodies.gallery_id(client.subscription, name)
    client.arm("PUT", gallery, {"location": bodies.HERE, "properties": properties}, GALLERY_API)
    client.advance("PT1M")
    return gallery
