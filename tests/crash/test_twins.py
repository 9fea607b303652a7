"""Two migrations with the same wish are equal whatever is chance about them, and nothing else is forgiven."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.crash.evidence import Json
from tests.crash.twins import (
    differences,
    lost_answers,
    most_telling,
    restarts,
    twin_form,
    without_lost_answers,
)

BEGAN = datetime.fromisoformat("2026-03-01T10:00:00+00:00")
FINGERPRINT = "v1-" + "0a1b" * 16


def status(image: str = "kill-approve-1-x", later: timedelta = timedelta(0)) -> Json:
    """A migration that ended with a deletion, as the app tells it."""
    at = [(BEGAN + later + timedelta(seconds=n)).isoformat() for n in range(4)]
    deadline = BEGAN + later + timedelta(days=3, seconds=1)
    lines = [
        ("planning", "accepted (http)"),
        ("approval", f"waiting until {deadline:%Y-%m-%d %H:%M} UTC for the approval"),
        ("finished", f"completed: {image} is deleted"),
    ]
    timeline = [
        {"at": moment, "stage": stage, "text": text}
        for moment, (stage, text) in zip(at, lines, strict=False)
    ]
    decision = {"decision": "approve", "approver": "kill", "receivedAt": at[1], "verdict": None}
    return {
        "id": f"{len(image):064x}-1",
        "sourceImageId": f"/subscriptions/s/images/{image}",
        "outcome": "completed",
        "regions": [{"name": "eastus2", "state": "Completed", "progress": 100}],
        "warnings": [],
        "approval": {
            "state": "approved",
            "deadline": deadline.isoformat(),
            "fingerprint": FINGERPRINT,
            "decisions": [decision],
        },
        "timeline": timeline,
        "result": {"image": "deleted", "checks": [f"read at {at[2]}"], "decidedBy": decision},
        "acceptedAt": at[0],
    }


def found_in(changed: Json) -> list[str]:
    """Return the differences of a changed status from an undisturbed one."""
    image = changed["sourceImageId"].rpartition("/")[2]
    twin = status("kill-approve-2-twin", timedelta(hours=5))
    return list(
        differences(twin_form(changed, image), twin_form(twin, "kill-approve-2-twin")),
    )


def test_names_ids_times_and_hashes_are_chance() -> None:
    """The same wish, another image, five hours later."""
    other = status()
    other["approval"]["fingerprint"] = "v1-" + "f" * 64
    assert found_in(other) == []


def test_a_restart_is_no_difference() -> None:
    """Its line is counted by its stage, and left out of the comparison."""
    other = status()
    again = {"at": BEGAN.isoformat(), "stage": "deletion", "text": "started again (1): Failed"}
    other["timeline"].insert(2, again)
    assert found_in(other) == []
    assert restarts(other) == ["deletion"]


def asked_late(other: Json) -> None:
    """The line that asks comes 40 seconds after the deadline was set."""
    line = other["timeline"][1]
    line["at"] = (datetime.fromisoformat(line["at"]) + timedelta(seconds=40)).isoformat()


def test_a_line_that_a_later_run_wrote_moves_no_deadline() -> None:
    """The run that set it died before the line; no deadline but that one is forgiven."""
    other = status()
    asked_late(other)
    again = {"at": BEGAN.isoformat(), "stage": "replication", "text": "started again (1): Failed"}
    other["timeline"].insert(1, again)
    assert found_in(other) == []
    for minutes in (-1, 1):
        moved = copy.deepcopy(other)
        end = datetime.fromisoformat(moved["approval"]["deadline"]) + timedelta(minutes=minutes)
        moved["approval"]["deadline"] = end.isoformat()
        assert [text.partition(" ")[0] for text in found_in(moved)] == ["approval.deadline"]


def test_the_deadline_is_held_against_the_time_that_was_asked_for() -> None:
    """Also when its line was late: a minute's wait is no minute and a half's."""
    other = status()
    asked_late(other)
    again = {"at": BEGAN.isoformat(), "stage": "replication", "text": "started again (1): Failed"}
    other["timeline"].insert(1, again)
    asked = datetime.fromisoformat(other["timeline"][2]["at"])
    other["approval"]["deadline"] = (asked + timedelta(seconds=30)).isoformat()
    minute = twin_form(other, "kill-approve-1-x", timedelta(minutes=1))
    assert minute["approval"]["deadline"] == "after 60 s"
    short = twin_form(other, "kill-approve-1-x", timedelta(seconds=40))
    assert short["approval"]["deadline"] == "after 40 s"


def later_deadline(other: Json) -> None:
    """Moved by a minute, as a second run's own deadline would be."""
    deadline = datetime.fromisoformat(other["approval"]["deadline"]) + timedelta(minutes=1)
    other["approval"]["deadline"] = deadline.isoformat()


DIFFERENT: dict[str, tuple[str, Callable[[Json], Any]]] = {
    "another outcome": ("outcome", lambda s: s.update(outcome="kept")),
    "a line that is missing": ("timeline", lambda s: s["timeline"].pop(2)),
    "a line twice": ("timeline", lambda s: s["timeline"].insert(1, s["timeline"][1])),
    "another stage of a line": ("timeline", lambda s: s["timeline"][1].update(stage="promotion")),
    "a line that was late": ("approval.deadline", asked_late),
    "a moved deadline": ("approval.deadline", later_deadline),
    "no deadline": ("approval.deadline", lambda s: s["approval"].update(deadline=None)),
    "a warning": ("warnings", lambda s: s["warnings"].append("careful")),
    "no checks": ("result.checks", lambda s: s["result"]["checks"].clear()),
    "nobody decided": ("result.decidedBy", lambda s: s["result"].update(decidedBy=None)),
    "a region that is not there yet": ("regions", lambda s: s["regions"][0].update(progress=60)),
    "no fingerprint": ("approval.fingerprint", lambda s: s["approval"].update(fingerprint=None)),
    "a field that nobody knows": ("more", lambda s: s.update(more=1)),
}


@pytest.mark.parametrize(("place", "change"), DIFFERENT.values(), ids=DIFFERENT)
def test_every_other_difference_is_found(place: str, change: Callable[[Json], Any]) -> None:
    """And its place is named."""
    other = copy.deepcopy(status())
    change(other)
    assert [text.partition(" ")[0] for text in found_in(other)] == [place]


def test_of_another_outcome_only_that_is_told() -> None:
    """Everything else would differ too."""
    twin = status()
    other = copy.deepcopy(twin)
    other.update(outcome="failed", reason="it died")
    other["timeline"].pop()
    assert most_telling(other, twin) == ["ended as failed: it died, the twin as completed"]
    twin["outcome"] = "failed"
    assert [text[:8] for text in most_telling(other, twin)] == ["reason i", "timeline"]


def test_a_correlation_id_that_nobody_read_is_forgiven_and_no_other_answer() -> None:
    """It died with its reader; an id that the twin does not have is a difference."""
    twin, other = status(), status()
    twin["result"]["correlationIds"] = {"start_version": "GUID", "promote_version": "GUID"}
    other["result"]["correlationIds"] = {"promote_version": "GUID"}
    assert lost_answers(other, twin) == ["start_version"]
    assert not list(differences(other, without_lost_answers(other, twin)))
    assert list(differences(twin, without_lost_answers(twin, other)))
    other["result"]["image"] = "kept"
    assert list(differences(other, without_lost_answers(other, twin)))


def test_how_far_the_regions_of_a_half_made_version_were_is_chance() -> None:
    """A cancellation may come at any moment of the replication; their names must still be the same."""
    one, other = status(), status()
    for cancelled in (one, other):
        cancelled["outcome"] = "cancelled"
    other["regions"][0].update(state="Replicating", progress=10)
    image = "kill-approve-1-x"
    assert list(differences(twin_form(other, image), twin_form(one, image))) == []
    other["regions"].clear()
    assert list(differences(twin_form(other, image), twin_form(one, image))) != []
