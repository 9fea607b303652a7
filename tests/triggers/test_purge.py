"""The purge: old histories go, but none that the sweep still has to read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

import clock
from domain.migration.restarting import Runtime
from tests import builders as b
from tests.app import records
from tests.triggers.extension import Extension
from triggers.timers.purge import purge

pytestmark = pytest.mark.usefixtures("own_records")

NOW = b.NOW + timedelta(days=100)
UNTIL = NOW - timedelta(days=30)
OLD = b.NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def much_later() -> Iterator[None]:
    """Long after everything that was accepted."""
    clock.use(lambda: NOW)
    yield
    clock.use(clock._wall_clock)


def purged_until(extension: Extension) -> datetime:
    """Up to when the extension was asked to purge; only what has ended."""
    asyncio.run(extension.play(purge))
    [asked] = extension.purged
    assert asked["runtimeStatus"] == "Completed,Failed,Canceled,Terminated"
    return datetime.fromisoformat(asked["createdTimeTo"])


def test_what_is_older_than_the_retention_goes() -> None:
    """Thirty days, by default; what is under way is nobody's to purge anyway."""
    extension, accepted = Extension(), b.an_acceptance()
    records().accept(accepted)
    extension.stands(accepted.id, Runtime.RUNNING, OLD)
    assert purged_until(extension) == UNTIL


@pytest.mark.parametrize("runtime", [Runtime.FAILED, Runtime.TERMINATED, Runtime.COMPLETED])
def test_what_has_ended_without_an_outcome_stays(runtime: Runtime) -> None:
    """Else a person's termination would look like an orchestration that vanished, and be started again."""
    extension, accepted = Extension(), b.an_acceptance()
    records().accept(accepted)
    extension.stands(accepted.id, runtime, OLD)
    assert purged_until(extension) <= OLD
