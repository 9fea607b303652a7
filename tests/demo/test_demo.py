"""`make demo` as a child process: it ends well, tells what there is, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demo.callers import Json
from demo.failure import DemoFailedError
from demo.findings import findings

REPOSITORY = Path(__file__).resolve().parent.parent.parent
REQUEST: Json = {
    "sourceImageId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/web",
    "galleryId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/one",
    "imageDefinition": {"name": "web"},
    "imageVersion": "1.0.0",
    "targetRegions": [{"name": "East US 2"}, {"name": "West Europe"}],
}
COMPLETED: Json = {"outcome": "completed", "reason": "migrated"}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The folder for the demo's temporary state: it must be empty again when the demo has ended."""
    yield tmp_path
    assert list(tmp_path.iterdir()) == []


def _demo(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "demo"],
        cwd=REPOSITORY,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A shell ignores Ctrl-C for what it runs in the background, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    )


def _processes_on(folder: Path) -> list[str]:
    commands = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().decode(errors="replace")
        except OSError:
            continue
        commands += [command] if str(folder) in command else []
    return commands


def test_the_demo_migrates_an_image_and_says_what_there_is(folder: Path) -> None:
    """Exit code 0, every step in the output, and a summary that ARM itself gave."""
    process = _demo(folder)

    text, _ = process.communicate(timeout=90)

    assert process.returncode == 0, text
    for part in ("accepted as migration", "image definition web created", "100 % Completed"):
        assert part in text
    assert "approved by grace@contoso.example" in text
    assert "version      1.0.0 Succeeded" in text
    assert text.count("Completed 100 %") == 3
    assert "images/web-2019 (404)" in text
    assert "boot test    passed in eastus2: the machine was provisioned" in text
    assert "machine      /subscriptions/" in text
    assert _processes_on(folder) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_demo_leaves_nothing_behind(folder: Path, number: signal.Signals) -> None:
    """Ctrl-C (or SIGTERM) in the middle ends it with a word, its local cloud and its temporary state."""
    process = _demo(folder)
    assert process.stdout is not None
    for line in process.stdout:
        if "accepted as migration" in line:
            break

    process.send_signal(number)
    rest, _ = process.communicate(timeout=20)

    assert process.returncode == 130
    assert "Stopped" in rest
    assert "Traceback" not in rest
    assert _processes_on(folder) == []


class _Arm:
    """ARM's answers by the end of their id."""

    def __init__(self, **bodies: Json | None) -> None:
        self._bodies = bodies

    def read(self, resource_id: str, expand: str = "") -> Json | None:
        kind = resource_id.split("/")[-2]
        return self._bodies.get(kind if "galleries" in resource_id else "source")


def _resources() -> dict[str, Json | None]:
    summary = [
        {"region": r, "state": "Completed", "progress": 100} for r in ("eastus2", "westeurope")
    ]
    version = {
        "name": "1.0.0",
        "tags": {"gallery-migrator.source": REQUEST["sourceImageId"]},
        "properties": {
            "provisioningState": "Succeeded",
            "publishingProfile": {"excludeFromLatest": False},
            "replicationStatus": {"summary": summary},
        },
    }
    identifier = {"publisher": "contoso", "offer": "web", "sku": "2019"}
    definition = {
        "name": "web",
        "properties": {
            "osType": "Linux",
            "osState": "Generalized",
            "hyperVGeneration": "V2",
            "identifier": identifier,
        },
    }
    return {
        "galleries": {"name": "one", "location": "eastus2"},
        "images": definition,
        "versions": version,
        "source": None,
    }


def test_what_arm_says_becomes_the_summary() -> None:
    """With everything as asked, gallery, definition, version, regions and tags are told."""
    summary = findings(_Arm(**_resources()), REQUEST, COMPLETED)

    assert [name for name, _ in summary.exists] == [
        "gallery",
        "definition",
        "version",
        "region",
        "region",
        "tag",
    ]
    assert summary.gone == [("image", REQUEST["sourceImageId"])]


def _image_left(resources: dict[str, Json | None]) -> None:
    resources["source"] = {"name": "web"}


def _no_version(resources: dict[str, Json | None]) -> None:
    resources["versions"] = None


def _failed_region(resources: dict[str, Json | None]) -> None:
    version = resources["versions"] or {}
    version["properties"]["replicationStatus"]["summary"][0]["state"] = "Failed"


def _still_hidden(resources: dict[str, Json | None]) -> None:
    version = resources["versions"] or {}
    version["properties"]["publishingProfile"]["excludeFromLatest"] = True


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_image_left, "the managed image still exists"),
        (_no_version, "is missing"),
        (_failed_region, "the version's regions are"),
        (_still_hidden, "still hidden from latest"),
    ],
)
def test_a_difference_fails_the_demo(
    change: Callable[[dict[str, Json | None]], None], told: str
) -> None:
    """Whatever ARM says otherwise is named."""
    resources = _resources()
    change(resources)

    with pytest.raises(DemoFailedError, match=told):
        findings(_Arm(**resources), REQUEST, COMPLETED)


def test_another_outcome_fails_the_demo() -> None:
    """Azure looking right is not enough: the app must have said so."""
    with pytest.raises(DemoFailedError, match="kept: rejected"):
        findings(_Arm(**_resources()), REQUEST, {"outcome": "kept", "reason": "rejected"})


@pytest.mark.parametrize(
    ("outcome", "machine", "told"),
    [("failed", "gone", "the boot test failed: x"), ("passed", "images", "still exists")],
)
def test_a_boot_test_that_is_not_as_promised_fails_the_demo(
    outcome: str, machine: str, told: str
) -> None:
    """One that did not pass, and one whose machine is still there."""
    ids = {"gone": "/subscriptions/s/machine/gone", "images": REQUEST["galleryId"]}
    test = {"outcome": outcome, "region": "eastus2", "reason": "x", "machineId": ids[machine]}
    with pytest.raises(DemoFailedError, match=told):
        findings(_Arm(**_resources()), REQUEST, {**COMPLETED, "bootTests": [test]})
