"""`up`: the app with an Azure of its own, in one process and in two."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from localcloud.testing.process import CloudProcess

ROOT = Path(__file__).resolve().parents[2]
NAME = "made-by-hand"
IMAGE = {
    "name": NAME,
    "location": "eastus2",
    "properties": {
        "hyperVGeneration": "V2",
        "storageProfile": {
            "osDisk": {"osType": "Linux", "osState": "Generalized", "diskSizeGB": 30}
        },
    },
}


def up(state: Path, *options: str) -> CloudProcess:
    """`python -m demo up`, on a free port."""
    return CloudProcess(state, "up", "--port", "0", *options, module="demo", folder=ROOT)


@pytest.fixture(scope="module", params=["one process", "two processes"])
def cloud(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CloudProcess]:
    folder = tmp_path_factory.mktemp("up")
    options: list[str] = []
    with ExitStack() as stack:
        if request.param == "two processes":
            stack.enter_context(CloudProcess(folder / "arm", "arm"))
            options = ["--arm-state", str(folder / "arm")]
        yield stack.enter_context(up(folder / "state", *options))


def ask(cloud: CloudProcess, method: str, path: str, body: object = None) -> tuple[int, object]:
    """A request to the app with its named key."""
    key = {"X-API-Key": str(cloud.connection["namedKey"])}
    status, answer = cloud.app(method, path, body, key)
    return status, answer


def image(cloud: CloudProcess) -> dict[str, object]:
    scope = f"/subscriptions/{cloud.connection['arm']['subscriptionIds'][0]}/resourceGroups/web"
    return {**IMAGE, "id": f"{scope}/providers/Microsoft.Compute/images/{NAME}"}


def test_connection_json_has_all_that_a_script_needs(cloud: CloudProcess) -> None:
    """As the README promises; the certificate can be loaded."""
    assert sorted(cloud.connection) == sorted(
        [
            *("app", "systemKeys", "webhookSecret", "namedKey"),
            *("arm", "identity", "entra", "control"),
        ]
    )
    assert cloud.connection["webhookSecret"].startswith("whsec_")
    assert sorted(cloud.connection["arm"]) == ["caFile", "subscriptionIds", "url"]
    assert sorted(cloud.connection["identity"]) == ["endpoint", "header"]
    assert Path(cloud.connection["arm"]["caFile"]).is_absolute()
    assert ssl.create_default_context(cafile=cloud.connection["arm"]["caFile"]).get_ca_certs()


def test_the_app_reaches_its_azure(cloud: CloudProcess) -> None:
    """With the real credential and SDK; its calls are in the log, and an added image is there."""
    assert ask(cloud, "GET", "/api/health")[0] == 200
    assert cloud.control("POST", "/images", image(cloud))[0] == 201
    assert NAME in str(ask(cloud, "GET", "/api/images")[1])
    requests = cloud.control("GET", "/requests")[1]["requests"]
    assert any("/providers/Microsoft.Compute/images" in request["path"] for request in requests)
    assert {"method", "path", "status", "correlationId", "time"} <= set(requests[0])
    assert NAME in str(cloud.control("GET", "/state")[1]["resources"])


def test_arm_goes_by_the_same_clock(cloud: CloudProcess) -> None:
    """A stopped clock moved by a day is the time of ARM's log to the second."""
    moved = cloud.control("POST", "/clock", {"speed": 0, "advance": "P1D"})[1]["now"]
    ask(cloud, "GET", "/api/images")
    logged = cloud.control("GET", "/requests")[1]["requests"][-1]["time"]
    cloud.control("POST", "/clock", {"speed": 1})
    assert logged[:19] == moved[:19]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not there")
def test_the_printed_curl_lines_work_as_pasted(cloud: CloudProcess) -> None:
    """Each is answered with JSON, and the last lists the migration that one of them starts."""
    lines = [line for line in cloud.printed().splitlines() if line.startswith("  curl ")]
    answers = [
        subprocess.run(
            ["bash", "-c", line],
            env={**os.environ, "no_proxy": "*"},
            capture_output=True,
            check=True,
        ).stdout
        for line in lines
    ]
    *_, started, listed = [json.loads(answer) for answer in answers]
    assert len(answers) == 4
    assert started["id"] in str(listed)


def test_reset_empties_both_parts(cloud: CloudProcess) -> None:
    """ARM, the app's records and the instances."""
    cloud.control("POST", "/images", image(cloud))
    body = {
        "sourceImageId": image(cloud)["id"],
        "galleryId": str(image(cloud)["id"]).replace(f"images/{NAME}", "galleries/g"),
        "imageDefinition": {"name": "d", "publisher": "p", "offer": "o", "sku": "s"},
        "imageVersion": "1.0.0",
    }
    ask(cloud, "POST", "/api/migrations", body)
    assert cloud.control("POST", "/reset")[0] == 204
    assert cloud.control("GET", "/state")[1]["resources"] == []
    assert NAME not in str(ask(cloud, "GET", "/api/migrations")[1])
    assert NAME not in str(ask(cloud, "GET", "/api/images")[1])
    assert cloud.durable("GET", "/instances")[1] == []


def test_fault_rules_reach_arm(cloud: CloudProcess) -> None:
    """Through the control API of the app's process; so does their removal."""
    rule = {"method": "GET", "path": "/images", "what": "status", "status": 418}
    status, answer = cloud.control("POST", "/faults", {"rules": [rule]})
    assert status < 300, answer
    assert ask(cloud, "GET", "/api/images")[0] != 200
    assert cloud.control("DELETE", "/faults")[0] < 300
    assert ask(cloud, "GET", "/api/images")[0] == 200


def refusal(*arguments: str) -> str:
    """Return the text of a command that ends at once."""
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    return done.stderr


def test_an_azure_in_use_is_refused(tmp_path: Path) -> None:
    """Also when the two processes have it by different names: `up` keeps its own in `arm`."""
    with up(tmp_path / "state"):
        said = refusal("localcloud", "arm", "--state", str(tmp_path / "state" / "arm"))
    assert said.startswith("error: ")
    assert "in use by another process" in said


def test_an_azure_of_an_earlier_version_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    """Its images would be lost silently, while the app's records tell of them."""
    old = tmp_path / "state" / "arm" / "arm.sqlite"
    old.parent.mkdir(parents=True)
    old.touch()
    said = refusal("demo", "up", "--port", "0", "--state", str(tmp_path / "state"))
    assert said.startswith(f"error: {old.resolve()} was kept by an earlier version")
    assert not old.with_name("arm.jsonl").exists()
