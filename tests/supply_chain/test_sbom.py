"""The list of what is deployed: every locked package, with the hashes that pip holds it to."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.test_requirements import entries

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def sbom(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The list, made as `make sbom` makes it."""
    if not (ROOT / ".audit" / ".installed").exists():
        pytest.skip("needs the tools of `make sbom` (.audit)")
    path = tmp_path_factory.mktemp("sbom") / "sbom.json"
    subprocess.run(["make", "sbom", f"SBOM={path}"], cwd=ROOT, check=True)
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def test_the_list_has_every_locked_package_with_its_hashes(sbom: dict[str, Any]) -> None:
    """And no other: both lines of azure-functions too."""
    listed = {(part["name"].lower(), part["version"], _hashes(part)) for part in sbom["components"]}
    locked = {
        (requirement.name.lower(), _version(requirement.specifier), _plain(hashes))
        for requirement, hashes in entries("requirements.lock")
    }
    assert listed == locked


def test_the_list_is_of_this_app_and_made_again_the_same(sbom: dict[str, Any]) -> None:
    """No time, no serial number: what differs from one commit to the next is what was changed."""
    assert (sbom["bomFormat"], sbom["metadata"]["component"]["name"]) == (
        "CycloneDX",
        "gallery-migrator",
    )
    assert sbom["metadata"]["component"]["licenses"] == [
        {"license": {"acknowledgement": "declared", "id": "MIT"}}
    ]
    assert "serialNumber" not in sbom
    assert "timestamp" not in sbom["metadata"]


def _hashes(part: dict[str, Any]) -> frozenset[str]:
    (source,) = part["externalReferences"]
    return frozenset(each["content"] for each in source["hashes"])


def _plain(hashes: list[str]) -> frozenset[str]:
    return frozenset(each.removeprefix("sha256:") for each in hashes)


def _version(specifier: Any) -> str:
    (exact,) = specifier
    return str(exact.version)
