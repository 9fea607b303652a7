"""The Bicep compiler, where there is one: on PATH, or beside the checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
ENTRIES = ("main.bicep", "events/main.bicep")
_BESIDE = ROOT.parent / "shared" / "tools" / "bicep"
Json = dict[str, Any]


@cache
def compiler() -> str | None:
    """The path of a compiler, None without one."""
    return shutil.which("bicep") or (str(_BESIDE) if _BESIDE.is_file() else None)


def why_no_compiler() -> str:
    """The reason to skip; empty where there is a compiler."""
    return "" if compiler() else "no bicep on PATH, nor at ../shared/tools/bicep"


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The compiler's answer. It unpacks itself below HOME, which must be a folder that it can write to."""
    command = compiler()
    assert command is not None
    environ = {**os.environ, "HOME": str(home), "DOTNET_CLI_TELEMETRY_OPTOUT": "1"}
    return subprocess.run(
        [command, *arguments], cwd=INFRA, env=environ, capture_output=True, text=True, check=False
    )


def resources(template: Json) -> Iterator[Json]:
    """Every resource of a template, those of its modules behind the module that they are in."""
    listed = template["resources"]
    for resource in listed.values() if isinstance(listed, dict) else listed:
        yield resource
        if resource["type"] == "Microsoft.Resources/deployments":
            yield from resources(resource["properties"]["template"])


def of_type(template: Json, kind: str) -> list[Json]:
    """The resources of a type."""
    return [resource for resource in resources(template) if resource["type"] == kind]


def module(template: Json, name: str) -> Json:
    """The template of a module, by the name of its deployment; the text before what is computed will do."""
    for resource in of_type(template, "Microsoft.Resources/deployments"):
        if resource["name"] == name or resource["name"].startswith(f"[format('{name}-"):
            inner: Json = resource["properties"]["template"]
            return inner
    raise LookupError(name)


def text_of(template: Json) -> str:
    """The whole template as text."""
    return json.dumps(template)
