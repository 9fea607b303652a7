"""Claiming an image: of many starters at once one wins; the others learn who holds it and whether they ask the same."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from domain.ids import parse_migration_id
from domain.migration.requests import MigrationRequest
from domain.migration.stages import Outcome
from services.migrations import (
    Claimed,
    Free,
    Running,
    claim,
    claim_with_draft,
    free_after,
    look_at_image,
)
from services.planning import Draft
from tests.app import app, forget, records
from tests.builders import a_plan, a_request, an_acceptance, an_end
from tests.credentials import REQUESTER
from tests.endings import end

pytestmark = pytest.mark.usefixtures("own_records")

STARTERS = 6


def at_once(ask: Callable[[int], MigrationRequest]) -> list[Claimed | Running]:
    """Return the results of several starters that begin together."""
    records()
    barrier = Barrier(STARTERS)

    def one(number: int) -> Claimed | Running:
        barrier.wait(30)
        return claim(app(), ask(number), requester=REQUESTER)

    with ThreadPoolExecutor(STARTERS) as pool:
        return list(pool.map(one, range(STARTERS)))


def finish(claimed: Claimed | Running) -> None:
    end(records(), claimed.accepted, an_end(Outcome.KEPT))


def test_of_equal_starts_one_wins_and_all_get_it() -> None:
    """Two clicks make one migration."""
    got = at_once(lambda _: a_request())
    assert sum(isinstance(g, Claimed) for g in got) == 1
    assert len({g.accepted.id for g in got}) == 1
    assert all(g.same for g in got if isinstance(g, Running))


def test_of_different_starts_one_wins_and_the_others_conflict() -> None:
    """Azure builds one version from an image at a time."""
    got = at_once(lambda n: a_request(imageVersion=f"1.0.{n}"))
    assert sum(isinstance(g, Claimed) for g in got) == 1
    assert not any(g.same for g in got if isinstance(g, Running))


def test_after_the_end_the_next_attempt_begins() -> None:
    """Under an id of its own: starting under a finished one erases its history."""
    first = claim(app(), a_request(), requester=REQUESTER)
    finish(first)
    second = claim(app(), a_request(), requester=REQUESTER)
    assert isinstance(second, Claimed)
    assert (first.accepted.attempt, second.accepted.attempt) == (1, 2)
    assert first.accepted.id != second.accepted.id


def test_an_image_is_found_running_whatever_the_case_of_its_id() -> None:
    """Until it has its outcome."""
    held = claim(app(), a_request(), requester=REQUESTER)
    shouted = a_request(sourceImageId=a_request().source_image_id.text.upper())
    seen = look_at_image(records(), shouted)
    assert isinstance(seen, Running)
    assert (seen.accepted, seen.same) == (held.accepted, True)
    finish(held)
    free = look_at_image(records(), shouted)
    assert isinstance(free, Free)
    assert parse_migration_id(free.migration_id) == (held.accepted.image_key, 2)


def test_attempts_are_numbered_from_one_on() -> None:
    """The next one's id is known before it is claimed, since its plan names it."""
    key = an_acceptance().image_key
    for latest, attempt in ((None, 1), (an_acceptance(11), 12)):
        free = free_after(latest, key)
        assert (free.image_key, free.attempt) == (key, attempt)
        assert parse_migration_id(free.migration_id) == (key, attempt)


def test_an_attempt_that_somebody_else_had_meanwhile_is_not_taken() -> None:
    """A look may be old when the plan is made; the plan of the other attempt is not kept either."""
    seen = look_at_image(records(), a_request())
    assert isinstance(seen, Free)
    draft = Draft(seen.migration_id, a_plan(), lasting=True)
    other = claim(app(), a_request(), requester=REQUESTER)
    held = claim_with_draft(app(), a_request(), seen, draft, REQUESTER)
    assert isinstance(held, Running)
    finish(other)
    again = claim_with_draft(app(), a_request(), seen, draft, REQUESTER)
    assert (type(again), again.accepted.attempt) == (Claimed, 2)
    snapshot = records().snapshot(again.accepted.id)
    assert snapshot is not None
    assert snapshot.plan is None


def test_the_limits_are_those_of_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment with other settings changes no migration that was accepted before."""
    monkeypatch.setenv("AZURE_RETRY_TIMEOUT", "PT2H")
    monkeypatch.setenv("REPLICATION_TIMEOUT", "PT3H")
    forget()
    claimed = claim(app(), a_request(), requester=REQUESTER).accepted
    monkeypatch.setenv("AZURE_RETRY_TIMEOUT", "PT9H")
    forget()
    snapshot = records().snapshot(claimed.id)
    assert snapshot is not None
    limits = snapshot.accepted.limits
    assert (limits.retry, limits.polling.timeout) == (timedelta(hours=2), timedelta(hours=3))
