"""Microsoft's SDKs of the other services read who uses an image, as they would from Azure."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from packages.localcloud.tests.arm.driving import GROUP, driven
from packages.localcloud.tests.arm.test_image_users import make_all

pytestmark = [pytest.mark.clients, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[4]
PYTHON = ROOT / ".clients" / "sdks" / "bin" / "python"
PROGRAM = Path(__file__).with_name("sdk_users.py")
# Each once, but for templates (source and product) and labs (custom images and machines).
TIMES = {
    "Image Builder": 2,
    "Batch": 1,
    "Compute Fleet": 1,
    "DevOps Pools": 1,
    "Service Fabric": 1,
    "Virtual Desktop": 1,
    "DevTest Labs": 2,
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """The image that one of each uses, and what the SDKs say."""
    if not PYTHON.exists():
        pytest.skip("needs Microsoft's SDKs in .clients/sdks: make clients")
    with driven(tmp_path_factory.mktemp("cloud")) as arm:
        image = make_all(arm)
        environment = {
            "PATH": os.environ["PATH"],
            "REQUESTS_CA_BUNDLE": str(arm.cloud.ca_file),
            "IDENTITY_ENDPOINT": arm.cloud.identity_endpoint,
            "IDENTITY_HEADER": arm.cloud.identity_header,
            "NO_PROXY": "127.0.0.1",
        }
        options = [arm.cloud.url, arm.cloud.subscription_ids[0], GROUP]
        command = [str(PYTHON), str(PROGRAM), *options]
        run = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=200
        )
    assert run.returncode == 0, run.stderr
    return image, json.loads(run.stdout)


def test_each_sdk_reads_the_image(told: tuple[str, dict[str, Any]]) -> None:
    """By the property that its models have for it."""
    image, said = told
    assert said["images"] == {service: [image] * times for service, times in TIMES.items()}


def test_the_locks_sdk_sees_inherited_ones(told: tuple[str, dict[str, Any]]) -> None:
    """At the image both, afterwards none."""
    assert told[1]["locks"] == ["keep CanNotDelete", "all ReadOnly"]


def test_the_graph_sdk_pages_and_is_refused(told: tuple[str, dict[str, Any]]) -> None:
    """Pages of three out of all; a refusal that its error model understands."""
    pages = told[1]["graph"]["pages"]
    assert sum(count for _, count, _ in pages) == pages[0][0]
    assert [count for _, count, _ in pages[:-1]] == [3] * (len(pages) - 1)
    assert {truncated for _, _, truncated in pages} == {"false"}
    refused = [400, "BadRequest", "InvalidQuery", "InvalidQueryLanguage"]
    assert told[1]["graph"]["refused"] == refused
