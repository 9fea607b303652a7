"""The az CLI as a program: its own environment, a configuration folder for one test run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from packages.localcloud.tests.clients.served import INSTALLED, Served

PROGRAM = INSTALLED / "az" / "bin" / "az"
QUIET = {
    "AZURE_CORE_COLLECT_TELEMETRY": "false",
    "AZURE_CORE_NO_COLOR": "true",
    "AZURE_CORE_SURVEY_MESSAGE": "false",
    "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
}


class AzCli:
    """Runs `az` against one emulated cloud."""

    def __init__(self, served: Served, config: Path) -> None:
        """`config` is where the CLI keeps its clouds and accounts. Skips if it isn't installed."""
        if not PROGRAM.exists():
            pytest.skip("needs the az CLI: make clients")
        own = {"AZURE_CONFIG_DIR": str(config), **QUIET}
        self._environment = served.environment(config) | own

    def run(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        """One command, whatever its exit code; `command` is split at blanks, `options` are not."""
        return subprocess.run(
            [str(PROGRAM), *command.split(), *options],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )

    def __call__(self, command: str, *options: str) -> Any:
        """Return the JSON that a command prints, or None if it prints nothing; the command must succeed."""
        run = self.run(command, *options, "--output", "json")
        assert run.returncode == 0, f"az {command} {' '.join(options)}\n{run.stderr}"
        return json.loads(run.stdout) if run.stdout.strip() else None

    def failing(self, command: str, *options: str) -> str:
        """Return the text that a command prints to standard error; the command must fail."""
        run = self.run(command, *options)
        assert run.returncode != 0, f"az {command} {' '.join(options)} succeeded: {run.stdout}"
        return run.stderr
