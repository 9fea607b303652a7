"""The deletion window and the limits of a day: what only time keeps shut is waited for, and can be stopped."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.scenarios.client import Client
from tests.scenarios.conftest import a_cloud, add_gallery
from tests.scenarios.test_gate import failing, gate

# Open in the hours of the day that the local cloud's clock is not in, twelve hours from its start.
SHUT_FOR = timedelta(hours=12)


def windowed(folder: Path, **more: str) -> AbstractContextManager[Client]:
    """A deployment whose window opens twelve hours from now, every day, for half an hour."""
    begins = opening()
    hours = f"{begins:%H}:00-{begins + timedelta(minutes=30):%H:%M}"
    return a_cloud(folder, more={"DELETION_WINDOW": f"Mon-Sun {hours}", **more})


def opening() -> datetime:
    """The hour of the window: the local cloud's clock begins at the real time."""
    return (datetime.now(UTC) + SHUT_FOR).replace(minute=0, second=0, microsecond=0)


def approved(cloud: Client, name: str) -> str:
    """A migration that is approved and waits at the gate."""
    add_gallery(cloud)
    migration = cloud.begin(name)
    cloud.advance_to_stage("approval", migration)
    assert cloud.decide(migration).status == 200
    return migration


def waits(cloud: Client, migration: str) -> bool:
    return "only time keeps" in str(cloud.status(migration)["timeline"])


def test_a_shut_window_is_waited_for(tmp_path: Path) -> None:
    """Within the validity of the approval; then all is read again, and the image goes in the window."""
    with windowed(tmp_path, APPROVAL_VALIDITY="P2D") as cloud:
        migration = approved(cloud, "windowed")
        cloud.advance_until(lambda: waits(cloud, migration), "PT10M")
        assert cloud.arm_log("DELETE") == []
        shut = failing(gate(cloud, migration))
        assert shut.keys() == {"inside the deletion window"}
        assert cloud.status(migration)["stage"] == "deletion"
        cloud.advance_until(lambda: cloud.status(migration)["outcome"], "PT10M", 200)
        status = cloud.status(migration)
        assert (status["outcome"], status["result"]["image"]) == ("completed", "deleted")
        [sent] = cloud.arm_log("DELETE")
        at = datetime.fromisoformat(sent["time"])
        assert (at.hour, at.minute < 31) == (opening().hour, True)


def test_who_waits_for_the_window_can_be_stopped(tmp_path: Path) -> None:
    """A cancellation and a rejection count as before."""
    with windowed(tmp_path, APPROVAL_VALIDITY="P2D") as cloud:
        cancelled = approved(cloud, "cancelled")
        rejected = approved(cloud, "rejected")
        cloud.advance_until(lambda: waits(cloud, cancelled) and waits(cloud, rejected), "PT10M")
        assert cloud.cancel(cancelled).status in (200, 202)
        assert cloud.decide(rejected, "reject").status == 200
        one, other = cloud.finish(cancelled, rejected)
        assert (one["outcome"], one["result"]["image"]) == ("cancelled", "kept")
        assert (other["outcome"], other["result"]["image"]) == ("kept", "kept")
        assert "rejected by ada" in other["reason"]
        assert cloud.arm_log("DELETE") == []


def test_an_approval_that_no_opening_fits_in_is_not_asked_for(tmp_path: Path) -> None:
    """The request says why, and what to set."""
    with windowed(tmp_path, APPROVAL_VALIDITY="P1D") as cloud:
        add_gallery(cloud)
        migration = cloud.begin("too-short")
        [status] = cloud.finish(migration)
        assert status["outcome"] == "kept"
        assert status["approval"]["state"] == "cancelled" or status["approval"]["deadline"] is None
        assert "DELETION_WINDOW" in status["reason"]
        assert "APPROVAL_VALIDITY" in status["reason"]


def test_the_limit_of_a_day_is_waited_for(tmp_path: Path) -> None:
    """One a day: of two that are approved at once the other goes a day later."""
    more = {"DELETION_DAILY_LIMIT": "1", "APPROVAL_VALIDITY": "P3D"}
    with a_cloud(tmp_path, more=more) as cloud:
        one, other = approved(cloud, "limit-a"), approved(cloud, "limit-b")
        cloud.advance_until(lambda: any(cloud.status(m)["outcome"] for m in (one, other)), "PT10M")
        cloud.advance_until(lambda: waits(cloud, one) or waits(cloud, other), "PT10M")
        assert len(cloud.arm_log("DELETE")) == 1
        cloud.advance_until(
            lambda: all(cloud.status(m)["outcome"] for m in (one, other)), "PT1H", 60
        )
        assert {cloud.status(m)["result"]["image"] for m in (one, other)} == {"deleted"}
        first, second = (datetime.fromisoformat(line["time"]) for line in cloud.arm_log("DELETE"))
        assert second - first >= timedelta(days=1)
