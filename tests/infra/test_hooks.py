"""The hooks of azd, with a command line in Azure's place that remembers what it made: the second run makes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.infra.compiling import INFRA, ROOT

# Answers the few commands that the hooks use; what makes something is kept in a file and written to a log.
AZ = """
import json, os, sys
state, log = os.environ["AZ_STATE"], os.environ["AZ_LOG"]
words = sys.argv[1:]
command = " ".join(words[: next((i for i, w in enumerate(words) if w.startswith("-")), len(words))])
made = json.load(open(state)) if os.path.exists(state) else []
with open(log, "a") as file:
    print(json.dumps([command, *words]), file=file)
key = command + (" " + words[words.index("--name") + 1] if command == "keyvault secret set" else "")
makes = {"ad app create": "the-client", "ad app federated-credential create": "", "ad sp create": ""}
if command in makes or command == "keyvault secret set":
    json.dump([*made, key], open(state, "w"))
    print(makes.get(command, ""))
elif command == "ad app list":
    print("the-client" if "ad app create" in made else "")
elif command == "ad app federated-credential list":
    print("known" if "ad app federated-credential create" in made else "")
elif command == "keyvault secret list":
    name = words[words.index("--query") + 1].split("'")[1]
    print("known" if f"keyvault secret set {name}" in made else "")
elif command == "cloud show":
    print("https://login.microsoftonline.com")
"""
ENVIRONMENT = {
    "AZURE_ENV_NAME": "tried",
    "AZURE_LOCATION": "westeurope",
    "AZURE_TENANT_ID": "0b0b0b0b-0000-4000-8000-000000000001",
    "AZURE_KEY_VAULT_NAME": "kv-tried",
    "FUNCTION_APP_ID": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/f",
    "FUNCTION_APP_URL": "https://f.example.org",
    "PUBLISHER_PRINCIPAL_ID": "0c0c0c0c-0000-4000-8000-000000000001",
    "DEAD_LETTER_ACCOUNT_ID": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a",
}
# Changing what is there to the same, and asking, make nothing.
HARMLESS = {
    *("ad app list", "ad app update", "ad app federated-credential list", "cloud show"),
    *("keyvault secret list", "deployment sub create", "env set ENTRA_CLIENT_ID the-client"),
}


class Hooks:
    """Runs the hooks and tells which commands they ran."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("az", "azd"):
            script = folder / name
            script.write_text(f"#!{sys.executable}\n{AZ}")
            script.chmod(0o755)

    def run(self, name: str, **more: str) -> list[list[str]]:
        """The commands of one run, each with its words."""
        log = self._folder / "log"
        log.unlink(missing_ok=True)
        environ = {
            **ENVIRONMENT,
            **more,
            "PATH": f"{self._folder}:{os.environ['PATH']}",
            "AZ_STATE": str(self._folder / "state.json"),
            "AZ_LOG": str(log),
        }
        done = subprocess.run(
            [str(INFRA / "hooks" / name)],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in log.read_text().splitlines()]


@pytest.fixture
def hooks(tmp_path: Path) -> Hooks:
    """Hooks before anything was made."""
    return Hooks(tmp_path)


def named(commands: list[list[str]]) -> list[str]:
    return [command for command, *_ in commands]


@pytest.mark.parametrize(
    ("name", "makes"),
    [
        ("sign_in.sh", {"ad app create", "ad sp create"}),
        ("trust.sh", {"keyvault secret set", "rest"}),
        ("events.sh", set[str]()),
    ],
)
def test_a_second_run_makes_nothing(hooks: Hooks, name: str, makes: set[str]) -> None:
    """The application, its trust in the identity, the keys: each is made once."""
    first, second = hooks.run(name), hooks.run(name)
    assert set(named(first)) - HARMLESS == makes
    assert set(named(second)) - HARMLESS == set()


def test_the_application_trusts_the_identity(hooks: Hooks) -> None:
    """By a federated credential of the identity, with Entra as its issuer; once."""
    hooks.run("sign_in.sh")
    first, second = hooks.run("trust.sh"), hooks.run("trust.sh")
    (made,) = (
        words for command, *words in first if command.endswith("federated-credential create")
    )
    credential = json.loads(made[made.index("--parameters") + 1])
    assert credential == {
        "name": "app-service",
        "issuer": f"https://login.microsoftonline.com/{ENVIRONMENT['AZURE_TENANT_ID']}/v2.0",
        "subject": ENVIRONMENT["PUBLISHER_PRINCIPAL_ID"],
        "audiences": ["api://AzureADTokenExchange"],
    }
    assert "ad app federated-credential create" not in named(second)


def test_an_application_of_ones_own_is_left_alone(hooks: Hooks) -> None:
    """Whoever names one has made it, with its roles."""
    assert named(hooks.run("sign_in.sh", ENTRA_CLIENT_ID="mine")) == ["ad app list"]
    assert "ad app update" not in named(hooks.run("trust.sh", ENTRA_CLIENT_ID="mine"))


def test_keys_are_such_as_the_app_takes(hooks: Hooks) -> None:
    """Both are secrets of 32 random bytes; the audit's has an id."""
    from domain.settings import Settings

    commands = hooks.run("trust.sh")
    values = {
        words[words.index("--name") + 1].upper().replace("-", "_"): words[
            words.index("--value") + 1
        ]
        for command, *words in commands
        if command == "keyvault secret set"
    }
    settings = Settings.from_environ(values)
    assert len(settings.sealing_keys) == len(settings.audit_keys) == 1


def test_app_roles_are_those_that_the_app_knows() -> None:
    """Each with an id that never changes."""
    from domain.callers.actors import Role

    roles = json.loads((INFRA / "hooks" / "app_roles.json").read_text())
    assert {role["value"] for role in roles} == {role.value for role in Role}
    assert len({role["id"] for role in roles}) == len(roles)


def test_azd_runs_what_is_there() -> None:
    """Its file names the template, the app's folder and the hooks, which may be run."""
    described = yaml.safe_load((ROOT / "azure.yaml").read_text())
    entry = ROOT / described["infra"]["path"] / f"{described['infra']['module']}.bicep"
    assert entry == INFRA / "main.bicep"
    service = described["services"]["app"]
    assert (service["project"], service["language"], service["host"]) == (".", "python", "function")
    assert "'azd-service-name': 'app'" in (INFRA / "modules" / "function_app.bicep").read_text()
    scripts = [ROOT / hook["run"] for hook in described["hooks"].values()]
    assert all(os.access(script, os.X_OK) for script in scripts)
    assert set(scripts) == set((INFRA / "hooks").glob("*.sh"))
