"""The processes of the end-to-end scenarios: Azurite, the local ARM, and a host that serves this folder.

Every one is a process of its own, and the host gets nothing but its environment: what it would get in Azure. The local
ARM's clock is moved by tests; the host's is the machine's.
"""

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

import requests

from demo.boot_tests import boot_test_settings
from demo.identities import assignments
from localcloud.testing.waiting import until
from tests.azurite import free_port
from tests.credentials import SETTINGS
from tests.scenarios.bodies import MAPPING
from tests.scenarios.process import ROOT
from tests.scenarios.receiver import SECRET

AZURITE = ROOT / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
# The account that every Azurite knows: https://learn.microsoft.com/azure/storage/common/storage-use-azurite
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
SERVICES = ("blob", "queue", "table")
# Signs approvals; notifications are signed with another, so that one who is told cannot decide.
APPROVAL_SECRET = "whsec_" + base64.b64encode(b"a secret of the approval tool").decode()
STORAGE = "AzureFunctionsJobHost__extensions__durableTask__storageProvider__"
START_SECONDS = 90.0
STOP_SECONDS = 20.0


def missing(func: bool) -> str:
    """Return the names of the things that this machine lacks; empty if none."""
    lacks = [] if shutil.which("node") else ["Node.js"]
    lacks += [] if AZURITE.exists() else ["Azurite (`npm ci`)"]
    lacks += ["Azure Functions Core Tools 4 (`func`)"] if func and not shutil.which("func") else []
    return " and ".join(lacks)


class Processes:
    """Processes that are ended together; what they print goes to `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stack = ExitStack()

    def start(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
    ) -> subprocess.Popen[bytes]:
        """Start one; its environment is this process's and `environment`."""
        log = self._stack.enter_context((self.folder / f"{name}.txt").open("ab"))
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        self._stack.callback(end, process)
        return process

    def printed(self, name: str) -> str:
        """Return the text that a process has printed."""
        return (self.folder / f"{name}.txt").read_text(errors="replace")

    def close(self) -> None:
        """End all, the last one first."""
        self._stack.close()


def end(process: subprocess.Popen[bytes], *, at_once: bool = False) -> None:
    """End a process and what it started (func's worker), in good order or at once."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, 9 if at_once else 15)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait()


def python_worker_of(host: int) -> int:
    """The pid of the one Python process that a host has started."""
    listed = Path(f"/proc/{host}/task").glob("*/children")
    children = [pid for path in listed for pid in path.read_text().split()]
    workers = [int(pid) for pid in children if b"python" in _command(pid)]
    assert len(workers) == 1, f"not one Python worker but {workers}"
    return workers[0]


def _command(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


def start_azurite(processes: Processes) -> str:
    """The connection string of a running one; blobs, queues and tables in memory."""
    ports = {service: free_port() for service in SERVICES}
    options = [o for service, port in ports.items() for o in (f"--{service}Port", str(port))]
    quiet = ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
    processes.start("azurite", ["node", str(AZURITE), *options, *quiet])
    story = partial(processes.printed, "azurite")
    until(lambda: all(_listens(port) for port in ports.values()), START_SECONDS, story)
    endpoints = [
        f"{service.title()}Endpoint=http://127.0.0.1:{port}/{ACCOUNT}"
        for service, port in ports.items()
    ]
    account = ["DefaultEndpointsProtocol=http", f"AccountName={ACCOUNT}", f"AccountKey={KEY}"]
    return ";".join([*account, *endpoints])


def start_arm(processes: Processes) -> dict[str, Any]:
    """The connection.json of a local ARM in a process of its own."""
    state = processes.folder / "arm"
    processes.start(
        "arm", [sys.executable, "-m", "localcloud", "arm", "--real-date", "--state", str(state)]
    )
    path = state / "connection.json"
    until(path.exists, START_SECONDS, lambda: processes.printed("arm"))
    connection: dict[str, Any] = json.loads(path.read_text())
    roles = f"{connection['control']['url']}/roles"
    requests.post(roles, json=assignments(), timeout=START_SECONDS).raise_for_status()
    return connection


def settings(arm: Mapping[str, Any], storage: str, notifications: str) -> dict[str, str]:
    """The app settings: the local ARM, records and durable state in Azurite."""
    url = arm["arm"]["url"]
    return {
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "AzureWebJobsStorage": storage,
        "ARM_ENDPOINT": url,
        "ARM_TOKEN_SCOPE": f"{url}/.default",
        "REQUESTS_CA_BUNDLE": arm["arm"]["caFile"],
        "IDENTITY_ENDPOINT": arm["identity"]["endpoint"],
        "IDENTITY_HEADER": arm["identity"]["header"],
        "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
        "SUBSCRIPTION_IDS": ",".join(arm["arm"]["subscriptionIds"]),
        "RECORDS_STORE": "table",
        "APPROVAL_WEBHOOK_SECRETS": APPROVAL_SECRET,
        **SETTINGS,
        **boot_test_settings(arm["arm"]["subscriptionIds"][0], {}),
        # The tenant of the local ARM's process; App Service's sign-in stands before none of these hosts.
        "ENTRA_AUTHORITY": arm["entra"]["authority"],
        "ENTRA_TENANT_ID": arm["entra"]["tenantId"],
        "ENTRA_AUDIENCES": arm["entra"]["clientId"],
        "NOTIFICATION_URL": notifications,
        "NOTIFICATION_SECRET": SECRET,
        "REPLICATION_POLL_INTERVAL": "PT1S",
        "SWEEP_SCHEDULE": "*/10 * * * * *",
        "RESTART_DELAY": "PT1S",
        "EVENT_GRID_MAPPING": json.dumps(MAPPING),
        "NO_PROXY": "127.0.0.1,localhost",
        f"{STORAGE}maxQueuePollingInterval": "00:00:01",
        # The shortest there is: for so long nobody sees what a killed host had taken from its queues.
        f"{STORAGE}controlQueueVisibilityTimeout": "00:01:00",
        f"{STORAGE}workItemQueueVisibilityTimeout": "00:01:00",
        # func looks for the worker's Python here.
        "VIRTUAL_ENV": sys.prefix,
        "PATH": f"{sys.prefix}/bin:{os.environ['PATH']}",
    }


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
