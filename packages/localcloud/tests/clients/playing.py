"""Ansible as a program: a play of tasks on the machine itself, and what each task came to."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from packages.localcloud.tests.clients.served import INSTALLED, Served

ENVIRONMENT = INSTALLED / "ansible"
PROGRAM = ENVIRONMENT / "bin" / "ansible-playbook"
COLLECTION = "azure.azcollection"
SITE = Path(__file__).with_name("ansible_site")


@dataclass(frozen=True)
class Task:
    """One call of a module of the collection."""

    module: str
    arguments: dict[str, Any]


class Ansible:
    """Plays tasks against one emulated cloud."""

    def __init__(self, served: Served, home: Path) -> None:
        """`home` is where Ansible keeps its files. Skips if it isn't installed."""
        if not PROGRAM.exists():
            pytest.skip("needs Ansible: make clients")
        self.served = served
        self._home = home
        own = {
            "PYTHONPATH": str(SITE),
            "AZURE_SUBSCRIPTION_ID": served.subscription,
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_DEPRECATION_WARNINGS": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "LC_ALL": "C.UTF-8",
        }
        self._environment = served.environment(home) | own

    def play(self, *tasks: Task) -> list[dict[str, Any]]:
        """The results of all tasks, in their order. They end with the first that fails, which fails here."""
        book = self._home / "play.json"
        book.write_text(json.dumps([self._play(tasks)]), "utf-8")
        run = subprocess.run(
            [str(PROGRAM), "--inventory", "localhost,", str(book)],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=840,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        results = json.loads(run.stdout)["plays"][0]["tasks"]
        return [result["hosts"]["localhost"] for result in results]

    def _play(self, tasks: tuple[Task, ...]) -> dict[str, Any]:
        who = {"auth_source": "msi", "cloud_environment": self.served.cloud.url}
        calls = [{f"{COLLECTION}.{task.module}": task.arguments | who} for task in tasks]
        here = {
            "ansible_connection": "local",
            "ansible_python_interpreter": str(ENVIRONMENT / "bin" / "python"),
        }
        return {"hosts": "localhost", "gather_facts": False, "vars": here, "tasks": calls}

    def version(self) -> str:
        """Ansible's own version and the collection's."""
        found = ENVIRONMENT.glob(
            "lib/python*/site-packages/ansible_collections/azure/azcollection/MANIFEST.json"
        )
        about = json.loads(next(found).read_text("utf-8"))["collection_info"]
        return f"{COLLECTION} {about['version']}"
