"""Azurite's table service as a fixture: one process per test session, on a free port, in memory."""

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import IO

import pytest

_ROOT = Path(__file__).resolve().parent.parent
_PROGRAM = _ROOT / "node_modules" / "azurite" / "dist" / "src" / "table" / "main.js"
_START_SECONDS = 90.0
# The account that every Azurite knows: https://learn.microsoft.com/azure/storage/common/storage-use-azurite
_ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def connection_string(port: int) -> str:
    """Return the connection string of the table service on this port of the machine."""
    endpoint = f"http://127.0.0.1:{port}/{_ACCOUNT}"
    return f"AccountName={_ACCOUNT};AccountKey={_KEY};TableEndpoint={endpoint}"


@pytest.fixture(scope="session")
def azurite() -> Iterator[str]:
    """The connection string of a running table service; skips where Node.js or Azurite is not."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is missing: Azurite needs it")
    if not _PROGRAM.exists():
        pytest.skip("Azurite is missing: `make test` installs it (`npm ci`)")
    with _running(node) as port:
        yield connection_string(port)


@contextmanager
def _running(node: str) -> Iterator[int]:
    port = free_port()
    command = [node, str(_PROGRAM), "--tableHost", "127.0.0.1", "--tablePort", str(port)]
    quietly = ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen([*command, *quietly], stdout=said, stderr=said) as process,
    ):
        try:
            _wait_until_it_listens(process, port, said)
            yield port
        finally:
            process.kill()


def free_port() -> int:
    """A port that nobody listens on now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, said: IO[str]) -> None:
    deadline = monotonic() + _START_SECONDS
    while monotonic() < deadline and process.poll() is None:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 1):
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
    said.seek(0)
    pytest.fail(f"Azurite did not start on port {port}:\n{said.read()}")
