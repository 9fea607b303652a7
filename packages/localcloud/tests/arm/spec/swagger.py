"""Runs Microsoft's validator of ARM traffic (npm `oav`) over exchanges with the emulator.

1. The published swagger files are copied to a temporary folder once for each api-version that is
   in use, with that version written into them: clients send newer versions than were published
   when the files were saved. What the newer ones changed is in `../shared/arm/specs`.
2. Every exchange becomes one line of JSON for `live_validator.cjs`, which answers with one line.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[5]
SPECS = ROOT.parent / "shared" / "arm" / "specs" / "azure-rest-api-specs"
COMPUTE = Path("specification/compute/resource-manager/Microsoft.Compute")
SCRIPT = Path(__file__).with_name("live_validator.cjs")

# The input of oav: `liveRequest` and `liveResponse`.
Pair = dict[str, Any]
SAVED = {"GalleryRP": "2024-03-03", "ComputeRP": "2024-07-01"}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the validator holds against one half (`request`, `response`) of an exchange."""

    half: str
    code: str
    paths: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The validator's findings about one exchange; `operation` is the swagger's operationId."""

    operation: str
    api_version: str
    findings: tuple[Finding, ...]


def why_no_validator() -> str | None:
    """Return the thing that oav needs and that is missing here; None if it can run."""
    if shutil.which("node") is None:
        return "needs Node.js (node)"
    if not (ROOT / "node_modules" / "oav").is_dir():
        return "needs oav: npm ci"
    if not SPECS.is_dir():
        return "needs the saved swagger files: ../shared/arm/specs"
    return None


def require_validator() -> None:
    """Skips the calling test, naming what is missing, where oav cannot run."""
    if missing := why_no_validator():
        pytest.skip(missing)


def copy_specs(target: Path, versions: Mapping[str, Sequence[str]]) -> None:
    """Writes the saved swagger under `target`, once for each version wanted of each provider."""
    shutil.copytree(SPECS / COMPUTE / "common-types", target / COMPUTE / "common-types")
    for provider, wanted in versions.items():
        source = SPECS / COMPUTE / provider / "stable" / SAVED[provider]
        for version in wanted:
            _copy_version(source, target / COMPUTE / provider / "stable" / version, version)


def _copy_version(source: Path, target: Path, version: str) -> None:
    target.mkdir(parents=True)
    for file in source.glob("*.json"):
        document = json.loads(file.read_text("utf-8"))
        document["info"]["version"] = version
        (target / file.name).write_text(json.dumps(document), "utf-8")


def validate(directory: Path, pairs: Sequence[Pair]) -> list[Verdict]:
    """The verdicts on `{liveRequest, liveResponse}` pairs, in their order."""
    lines = "".join(json.dumps(pair) + "\n" for pair in pairs)
    run = subprocess.run(
        ["node", str(SCRIPT), str(directory)],
        input=lines,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    if run.returncode:
        raise RuntimeError(run.stderr)
    verdicts = [_verdict(json.loads(line)) for line in run.stdout.splitlines()]
    if len(verdicts) != len(pairs):
        raise RuntimeError(f"{len(pairs)} exchanges in, {len(verdicts)} verdicts out: {run.stderr}")
    return verdicts


def _verdict(line: Mapping[str, Any]) -> Verdict:
    findings = tuple(
        Finding(half, finding["code"], tuple(finding["paths"]), finding["message"])
        for half in ("request", "response")
        for finding in line[half]
    )
    return Verdict(line["operation"], line["apiVersion"], findings)
