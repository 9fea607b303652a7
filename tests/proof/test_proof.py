"""Nobody loses an image: a few hundred random steps on the whole app, each deletion judged before it is carried out."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from demo.identities import DELETER
from localcloud.testing.figures import tell
from tests.proof import people, plans
from tests.proof.conditions import Condition
from tests.proof.driving import Driver, a_driver
from tests.proof.machine import run
from tests.scenarios import bodies
from tests.scenarios.client import COMPUTE_API
from tests.scenarios.process import ROOT

# Of the app; the proof is written without it.
OF_THE_APP = {
    *("domain", "activities", "services", "records", "orchestrators"),
    *("triggers", "arm", "startup", "function_app"),
}
SEED = random.randrange(10**6)


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Driver]:
    """A local cloud of its own."""
    with a_driver(tmp_path) as driving:
        yield driving


# Half a minute on a machine with nothing else to do.
@pytest.mark.timeout(900)
def test_an_image_goes_only_when_everything_holds(driver: Driver) -> None:
    """Whatever was asked, decided, forged, killed or changed; and some images went, so that it is no empty promise."""
    try:
        run(driver, SEED, examples=4, steps=50, planned=[None])
    except BaseException:
        tell(f"proof: failed; again: make soak SEEDS=1 SEED={SEED}")
        raise
    lines = driver.report.lines()
    tell(f"proof: seed {SEED}, {lines[0]}")
    assert driver.report.gone
    assert not driver.report.unexplained


def test_the_judge_lets_nothing_go_that_nobody_approved(driver: Driver) -> None:
    """Deleted by the identity that deletes, before anybody approved: prevented, told, and the image is there."""
    driver.begin_run()
    asked = plans.begin(driver, None, people.AT_ONCE, people.KEY)
    while asked.asked_at is None:
        driver.advance()
    assert driver.client.image_there(asked.name)
    assert _delete_as_the_app(driver, asked.name) >= 400
    [violation] = driver.known.violations
    assert str(Condition.ENOUGH) in violation
    assert driver.client.image_there(asked.name)


def _delete_as_the_app(driver: Driver, name: str) -> int:
    """The status of a DELETE with a token of the identity that deletes."""
    client = driver.client
    identity, arm = client.connection["identity"], client.connection["arm"]
    wanted = {"api-version": "2019-08-01", "resource": arm["url"], "client_id": DELETER}
    headers = {"X-IDENTITY-HEADER": identity["header"]}
    token = requests.get(identity["endpoint"], params=wanted, headers=headers, timeout=30).json()
    image = bodies.image_id(client.subscription, name)
    answer = requests.delete(
        f"{arm['url']}{image}?api-version={COMPUTE_API}",
        headers={"Authorization": f"Bearer {token['access_token']}"},
        verify=arm["caFile"],
        timeout=30,
    )
    return answer.status_code


def test_the_proof_uses_no_code_of_the_app() -> None:
    """Nothing of it is even loaded with the proof: what the gate gets wrong, the proof does not get wrong as well."""
    line = (
        "import sys, tests.proof.machine; print(*{name.partition('.')[0] for name in sys.modules})"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", line], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "tests" in loaded.stdout.split()
    assert not set(loaded.stdout.split()) & OF_THE_APP
