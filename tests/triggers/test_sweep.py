"""The sweep closes a migration only when the durable extension says that its orchestration is not there any more."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta

import azure.durable_functions as df
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from azure.durable_functions.models.utils import http_utils

import clock
from activities.configuration import records
from domain.migration.recorded import Accepted, Snapshot
from tests import builders as b
from triggers.sweep import sweep

pytestmark = pytest.mark.usefixtures("own_records")

# As the real extension answers when it cannot reach its storage; the SDK takes a 500 for a status.
BROKEN = {
    "Message": "Something went wrong while processing your request",
    "ExceptionMessage": "The operation was canceled.",
    "ExceptionType": "System.OperationCanceledException",
}


@pytest.fixture(autouse=True)
def a_day_later() -> Iterator[None]:
    """Long after everything that was accepted."""
    clock.use(lambda: b.NOW + timedelta(days=1))
    yield
    clock.use(clock._wall_clock)


def started() -> Accepted:
    """A migration whose orchestration was started."""
    accepted = b.an_acceptance()
    records().accept(accepted)
    records().mark_started(accepted.id, b.NOW)
    return accepted


def swept(accepted: Accepted, answer: web.Response) -> Snapshot:
    """The migration after a sweep during which the extension answered so."""

    async def whole() -> None:
        async def answering(_: web.Request) -> web.Response:
            return answer

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answering)
        async with TestServer(app) as server:
            binding = {
                "taskHubName": "GalleryMigrator",
                "creationUrls": {},
                "managementUrls": {},
                "rpcBaseUrl": str(server.make_url("/durabletask/")),
            }
            await sweep(df.DurableOrchestrationClient(json.dumps(binding)))
            await http_utils._close_session()  # it belongs to this loop

    asyncio.run(whole())
    snapshot = records().snapshot(accepted.id)
    assert snapshot is not None
    return snapshot


def test_an_extension_that_cannot_answer_closes_nothing() -> None:
    """Its storage is down for a moment: the migration runs on, and nothing is said of it."""
    snapshot = swept(started(), web.json_response(BROKEN, status=500))
    assert (snapshot.finished, snapshot.latch) == (None, None)


def test_an_orchestration_that_is_not_there_is_closed() -> None:
    """404, without a body."""
    snapshot = swept(started(), web.Response(status=404))
    assert snapshot.finished is not None
    assert "vanished" in snapshot.finished.reason
