"""A migration for each outcome, on a real host as on the embedded one: several side by side, in real time."""

import pytest

from tests.e2e.outcomes import OUTCOMES, Expected, begin_each, decide_each
from tests.e2e.real_time import RealTime
from tests.scenarios import promises
from tests.scenarios.bodies import Json


@pytest.fixture(scope="module")
def ended(app: RealTime) -> dict[str, Json]:
    """The statuses at the end, by the names of the images."""
    started = begin_each(app)
    decide_each(app, started)
    return dict(zip(started, app.finish(*started.values()), strict=True))


@pytest.mark.parametrize("name", OUTCOMES)
def test_every_migration_has_its_outcome(app: RealTime, ended: dict[str, Json], name: str) -> None:
    """In the status, and in Azure."""
    expected = OUTCOMES[name]

    assert Expected.of(ended[name]) == expected
    assert app.image_there(name) == (expected.image == "kept")


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


def test_a_chunked_body_is_never_taken_for_an_empty_one(app: RealTime) -> None:
    """A host that hands it on has every missing field named; from one that does not, it is 411."""
    answer = app.call("POST", "/api/plans", data=iter([b'{"imageVersion"', b': "auto"}']))

    named = {error["field"] for error in answer.body.get("errors", [])}
    assert answer.status == 411 or (answer.status == 400 and "sourceImageId" in named)
