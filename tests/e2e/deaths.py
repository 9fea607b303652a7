"""Something dies while the versions of one migration for each outcome replicate; what must hold then."""

from collections.abc import Callable

from tests.e2e.outcomes import OUTCOMES, Expected, begin_each, decide_each
from tests.e2e.real_time import RealTime
from tests.scenarios import promises


def check_ends_despite(app: RealTime, death: Callable[[], None]) -> None:
    """Outcome, image and Azure's reason are those without the death; each told once; only approved deletions."""
    started = begin_each(app)
    death()
    decide_each(app, started)
    ends = dict(zip(started, app.finish(*started.values()), strict=True))

    found = {name: Expected.of(end) for name, end in ends.items()}
    assert found == OUTCOMES, {name: end["reason"] for name, end in ends.items()}
    promises.check_deletions(app, list(ends.values()))
    promises.check_notifications(app, list(ends.values()))
    there = {name: app.image_there(name) for name in started}
    assert there == {name: expected.image == "kept" for name, expected in OUTCOMES.items()}
