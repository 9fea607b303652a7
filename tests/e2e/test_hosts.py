"""The promises, on a real host as on the embedded one: several migrations side by side, in real time."""

import signal

import pytest

from tests.e2e.conftest import RealTime
from tests.scenarios import promises
from tests.scenarios.bodies import Json


@pytest.fixture(scope="module")
def ended(app: RealTime) -> dict[str, Json]:
    """The statuses at the end, by the names of the images. The host is killed while versions replicate."""
    started = {name: app.begin(name) for name in ("deleted", "rejected", "cancelled", "forged")}
    started["kept"] = app.begin("kept", delete=False)
    app.advance_to_stage("replication", started["cancelled"])
    app.process.stop(signal.SIGKILL)
    app.connect()
    assert app.cancel(started["cancelled"]).status == 202
    app.advance_to_stage("approval", *(started[n] for n in ("deleted", "rejected", "forged")))
    forged = app.send_decision(started["forged"], b"{}", headers={"webhook-signature": "v1,bm8="})
    assert forged.status == 401
    raised = app.durable("POST", f"/instances/{started['forged']}/raiseEvent/approval-1", "yes")
    assert raised.status_code == 202
    assert app.decide(started["deleted"], webhook_id="once").status in (200, 202)
    assert app.decide(started["rejected"], "reject").status in (200, 202)
    assert app.decide(started["forged"], "reject").status in (200, 202)
    app.finish(*started.values())
    return {name: app.status(migration) for name, migration in started.items()}


@pytest.mark.parametrize(
    ("image", "outcome", "fate"),
    [
        ("deleted", "completed", "deleted"),
        ("kept", "completed", "kept"),
        ("rejected", "kept", "kept"),
        ("cancelled", "cancelled", "kept"),
        ("forged", "kept", "kept"),
    ],
)
def test_every_migration_has_its_outcome(
    app: RealTime, ended: dict[str, Json], image: str, outcome: str, fate: str
) -> None:
    """In the status, and in Azure."""
    status = ended[image]

    assert (status["outcome"], status["result"]["image"]) == (outcome, fate)
    assert app.image_there(image) == (fate == "kept")


def test_every_promise_holds(app: RealTime, ended: dict[str, Json]) -> None:
    """One outcome and one notification each, only approved deletions, no secret told."""
    migrations = promises.every_migration(app)

    assert len(migrations) == len(ended)
    promises.check_deletions(app, migrations)
    promises.check_notifications(app, migrations)
    promises.check_secrets(app)


def test_wrong_requests_are_refused_as_on_the_embedded_host(app: RealTime) -> None:
    """400 with the fields, 404, 422, as problems."""
    form = app.call("POST", "/api/migrations", {"deletion": {"enabled": "yes"}})
    unknown = app.call("GET", "/api/migrations/no-such-id")
    no_image = app.call("POST", "/api/plans", app.request("not-there"))

    assert (form.status, unknown.status, no_image.status) == (400, 404, 422)
    assert {"sourceImageId", "galleryId", "deletion.enabled"} <= set(form.fields)
    for answer in (form, unknown, no_image):
        assert answer.headers["Content-Type"].startswith("application/problem+json")


def test_a_chunked_body_is_never_taken_for_an_empty_one(app: RealTime) -> None:
    """A host that hands it on has every missing field named; from one that does not, it is 411."""
    answer = app.call("POST", "/api/plans", data=iter([b'{"imageVersion"', b': "auto"}']))

    named = {error["field"] for error in answer.body.get("errors", [])}
    assert answer.status == 411 or (answer.status == 400 and "sourceImageId" in named)
