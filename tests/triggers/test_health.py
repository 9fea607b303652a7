"""Health: up while the sweep runs, degraded when it is overdue, and nothing is claimed that is not known."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import azure.functions as func
import pytest

import clock
from records.store import RecordError
from services import identities
from tests import builders as b
from tests.app import forget, records
from tests.credentials import HEADERS
from triggers.http.health import health
from triggers.timers.sweep import sweep

pytestmark = pytest.mark.usefixtures("own_records", "no_azure")
NO_EXTENSION = {
    "taskHubName": "GalleryMigrator",
    "creationUrls": {},
    "managementUrls": {},
    "rpcBaseUrl": "http://127.0.0.1:9/",
}


@pytest.fixture
def no_azure(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody answers for Azure, and it is ten past twelve every five minutes."""
    monkeypatch.setenv("ARM_ENDPOINT", "https://127.0.0.1:9")
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:9/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "none")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("SWEEP_SCHEDULE", "0 */5 * * * *")
    _forget()
    clock.use(lambda: b.NOW)
    yield
    clock.use(clock._wall_clock)
    _forget()


def _forget() -> None:
    forget()
    identities.forget()


def said() -> tuple[int, Any]:
    """Status and body of the answer."""

    async def whole() -> func.HttpResponse:
        return await health(func.HttpRequest("GET", "/api/health", headers=HEADERS, body=b""))

    response = asyncio.run(whole())
    return response.status_code, json.loads(response.get_body())


def swept() -> None:
    """A sweep with nothing to look at."""
    asyncio.run(sweep(df.DurableOrchestrationClient(json.dumps(NO_EXTENSION))))


def test_a_sweep_that_ran_is_up() -> None:
    """With the moment of its end, which is all that it needs to leave."""
    swept()
    status, body = said()
    assert (status, body["status"], body["sweep"]["overdue"]) == (200, "up", False)
    assert body["sweep"]["lastRun"] == b.NOW.isoformat().replace("+00:00", "Z")


def test_a_sweep_that_is_overdue_is_degraded() -> None:
    """Still 200: the app serves, and a platform that restarts it for another status would help nobody."""
    records().mark_swept(b.NOW - timedelta(minutes=20))
    status, body = said()
    assert (status, body["status"], body["sweep"]["overdue"]) == (200, "degraded", True)


def test_21_a_row_of_the_sweep_that_cannot_be_read_is_no_error() -> None:
    """It counts as no sweep; the next one writes it anew."""
    records()._store.put("sweep", "last", {"at": ["no time"]})
    status, body = said()
    assert (status, body["sweep"]["lastRun"]) == (200, None)


def test_a_sweep_that_could_not_look_has_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark is its last act: what a sweep before it left stays."""
    before = b.NOW - timedelta(hours=1)
    whole = records()
    whole.mark_swept(before)
    broken(tmp_path, monkeypatch)
    with pytest.raises(RecordError):
        swept()
    assert whole.last_swept() == before


def test_without_records_nobody_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Null, not false; and the records' own field says why."""
    broken(tmp_path, monkeypatch)
    body = said()[1]
    assert (body["records"]["answers"], body["sweep"]["overdue"]) == (False, None)


def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the records lie in a file that is none."""
    path = tmp_path / "broken.sqlite"
    path.write_bytes(b"no database" * 100)
    monkeypatch.setenv("RECORDS_SQLITE_PATH", str(path))
    forget()


def test_wrong_settings_are_told_here_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The schedules as any other."""
    monkeypatch.setenv("SWEEP_SCHEDULE", "0 99 * * * *")
    forget()
    status, body = said()
    assert (status, [error["field"] for error in body["errors"]]) == (500, ["SWEEP_SCHEDULE"])
