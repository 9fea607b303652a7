"""One migration for each way to end, and what somebody has to do so that it ends so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tests.e2e.real_time import RealTime
from tests.scenarios.bodies import Json

REGION_TEXT = "The disk of the replica could not be written."


class Expected(NamedTuple):
    """The end of a status. `region_failed`: True if the reason is Azure's text about the region."""

    outcome: str
    image: str
    region_failed: bool = False

    @classmethod
    def of(cls, status: Json) -> Expected:
        """Return the end that this status has."""
        return cls(
            status["outcome"], status["result"]["image"], REGION_TEXT in (status["reason"] or "")
        )


# By the name of the image.
OUTCOMES = {
    "deleted": Expected("completed", "deleted"),
    "asked-to-keep": Expected("completed", "kept"),
    "rejected": Expected("kept", "kept"),
    "forged": Expected("kept", "kept"),
    "cancelled": Expected("cancelled", "kept"),
    "failed": Expected("failed", "kept", region_failed=True),
}
# Of Azure's time: definitions take seconds, replication many minutes.
SMALL = "PT3S"
ASKED = ("deleted", "rejected", "forged")


def begin_each(app: RealTime) -> dict[str, str]:
    """Start one for each outcome; their ids, all in `replication`, where they stay until Azure's clock moves."""
    app.faults(
        {
            "what": "replication",
            "path": "/images/failed/versions/",
            "region": "westeurope",
            "message": REGION_TEXT,
        }
    )
    started = {name: app.begin(name, delete=name != "asked-to-keep") for name in OUTCOMES}
    app.advance_to_stage("replication", *started.values(), step=SMALL)
    return started


def decide_each(app: RealTime, started: Mapping[str, str]) -> None:
    """Cancel, approve and reject what is to end so; whoever forges an approval achieves nothing."""
    assert app.cancel(started["cancelled"]).status == 202
    _wait_for_approvals(app, [started[name] for name in ASKED])
    forged = app.send_decision(started["forged"], b"{}", headers={"webhook-signature": "v1,bm8="})
    assert forged.status == 401
    raised = app.durable("POST", f"/instances/{started['forged']}/raiseEvent/approval-1", "yes")
    assert raised.status_code == 202
    assert app.decide(started["deleted"], webhook_id="once").status in (200, 202)
    assert app.decide(started["rejected"], "reject").status in (200, 202)
    assert app.decide(started["forged"], "reject").status in (200, 202)


def _wait_for_approvals(app: RealTime, migrations: list[str]) -> None:
    """Fails at once, and with its reason, if one ends before it has asked."""
    statuses: list[Json] = []

    def settled() -> bool:
        statuses[:] = [app.status(migration) for migration in migrations]
        return all(status["stage"] in ("approval", "finished") for status in statuses)

    app.advance_until(settled)
    early = {s["sourceImageId"]: s["reason"] for s in statuses if s["stage"] == "finished"}
    assert not early, f"ended before anybody was asked: {early}"
