"""While Azure takes its time, what needs no Azure is answered at once, and too many who wait for it are refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from localcloud.testing.figures import tell
from localcloud.testing.waiting import until
from services.threads import ARM_THREADS, COME_BACK_SECONDS, MOST_AT_AZURE
from tests.scenarios.client import Client
from tests.scenarios.conftest import a_cloud, add_gallery

# Seconds.
AT_ONCE = 1.0


@pytest.fixture
def own_cloud(tmp_path: Path) -> Iterator[Client]:
    """A local cloud for one test, with one image that Azure will not show."""
    with a_cloud(tmp_path) as client:
        add_gallery(client)
        client.add_image("slow")
        yield client
        client.no_faults()


def seconds(call: object) -> float:
    began = time.monotonic()
    call()  # type: ignore[operator]
    return time.monotonic() - began


def test_decisions_do_not_wait_for_plans(own_cloud: Client) -> None:
    """24 plans wait for an image that Azure does not show; whoever decides is answered within a second."""
    names = ("cancelled", "approved", "rejected")
    cancelled, approved, rejected = (own_cloud.begin(name) for name in names)
    own_cloud.advance_to_stage("approval", cancelled, approved, rejected)
    own_cloud.faults({"what": "hold", "method": "GET", "path": "Compute/images/slow"})
    with ThreadPoolExecutor(24) as callers:
        body = own_cloud.request("slow")
        plans = [callers.submit(own_cloud.call, "POST", "/api/plans", body) for _ in range(24)]
        until(lambda: len(own_cloud.held()) >= ARM_THREADS)
        took = (
            seconds(lambda: own_cloud.cancel(cancelled)),
            seconds(lambda: own_cloud.decide(approved)),
            seconds(lambda: own_cloud.decide(rejected, "reject")),
        )
        tell(
            f"24 plans wait: a cancellation took {took[0]:.2f} s, an approval {took[1]:.2f} s, "
            f"a rejection {took[2]:.2f} s"
        )
        assert max(took) < AT_ONCE
        assert {plan.result().status for plan in plans} == {502}


@pytest.mark.parametrize("asked", ["plans", "references"])
def test_more_than_can_wait_are_refused(own_cloud: Client, asked: str) -> None:
    """At once, with the time to come back."""
    own_cloud.faults({"what": "hold", "method": "GET", "path": "Compute/images/slow"})
    callers = MOST_AT_AZURE + 8
    with ThreadPoolExecutor(callers) as pool:
        body = own_cloud.request("slow")
        references = f"/api/references?imageId={quote(body['sourceImageId'])}"
        call = {"plans": ("POST", "/api/plans", body), "references": ("GET", references, None)}
        answers = [pool.submit(own_cloud.call, *call[asked]) for _ in range(callers)]
        until(lambda: sum(answer.done() for answer in answers) >= callers - MOST_AT_AZURE)
        own_cloud.no_faults()
        refused = [a.result() for a in answers if a.result().status == 503]
    assert len(refused) >= 8
    assert {answer.headers["Retry-After"] for answer in refused} == {str(COME_BACK_SECONDS)}
