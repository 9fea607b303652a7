"""Recorded traffic of Azure, sent again to the emulator, gets the recorded answers.

`RECORDINGS` may name another folder of recordings (searched below for yaml and json files).
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from localcloud.testing.figures import tell
from localcloud.testing.running_arm import MovableTime, running_cloud
from packages.localcloud.tests.arm.replay.player import Outcome, Player
from packages.localcloud.tests.arm.replay.recordings import Interaction, in_order, read

SHARED = Path(__file__).resolve().parents[6] / "shared" / "arm" / "recordings"
FOLDER = Path(os.environ.get("RECORDINGS", SHARED))
WANTED = 0.99


def recordings() -> list[Path]:
    """The azure-cli and azure-sdk-for-python recordings, or all of a folder named by hand."""
    paths = sorted(p for p in FOLDER.rglob("*") if p.suffix in (".yaml", ".json"))
    return paths if "RECORDINGS" in os.environ else [p for p in paths if _of_azure_python(p)]


def _of_azure_python(path: Path) -> bool:
    return path.suffix == ".yaml" or "azure-sdk-for-python" in str(path)


def play(path: Path, state: Path) -> Outcome:
    """One recording against a cloud of its own, in whose time it is the recording's first day.

    Otherwise dates that lay ahead of it, such as an end of life, would lie behind the cloud.
    """
    dates = [interaction.date for interaction in read(path) if interaction.date]
    time = MovableTime(dates[0]) if dates else MovableTime()

    def advance(seconds: float) -> None:
        time.advance(seconds=seconds)

    with running_cloud(state, time) as cloud:
        return Player(cloud, advance).play(path)


def report(outcomes: list[Outcome]) -> str:
    """Counts per recording, what was left out and why, and every disagreement."""
    lines = [f"  {o.recording}: {o.agreeing} of {o.compared} agree" for o in outcomes]
    reasons: Counter[str] = Counter()
    for outcome in outcomes:
        reasons.update(outcome.left_out)
    lines += [f"  left out {count:4d}: {reason}" for reason, count in reasons.most_common()]
    lines += [f"  left out and refused: {line}" for o in outcomes for line in o.refused]
    lines += [f"  disagrees: {line}" for o in outcomes for line in o.disagreements]
    return "\n".join(lines)


@pytest.mark.skipif(not FOLDER.exists(), reason=f"needs the recordings in {FOLDER.name}")
def test_recorded_exchanges_agree(tmp_path: Path) -> None:
    """At least 99 % of the exchanges that are compared agree in status, headers and body."""
    outcomes = [play(path, tmp_path / path.stem[:40]) for path in recordings()]
    compared = sum(outcome.compared for outcome in outcomes)
    share = sum(outcome.agreeing for outcome in outcomes) / compared
    tell(f"recorded exchanges that agree: {share:.1%} of {compared}\n{report(outcomes)}")
    assert share >= WANTED
    if "RECORDINGS" not in os.environ:
        read_disks = [disk for outcome in outcomes for disk in outcome.disks]
        assert read_disks
        assert not [line for found in read_disks for line in found], "disks and snapshots as read"
        machines = [found for outcome in outcomes for found in outcome.machines]
        assert machines
        assert not [line for found in machines for line in found], "the images of machines as read"


def _exchange(path: str, date: str | None) -> Interaction:
    headers = {"date": date} if date else {}
    return Interaction("GET", "", path, None, 200, headers, None, keeps_retry_after=False)


def test_exchanges_are_played_in_the_order_of_their_dates() -> None:
    """A later date later, the same second as listed, none right behind the exchange before it."""
    first, then = "Mon, 26 Aug 2019 09:27:52 GMT", "Mon, 26 Aug 2019 09:27:53 GMT"
    listed = [("c", then), ("d", None), ("a", first), ("b", first)]
    assert [i.path for i in in_order([_exchange(*one) for one in listed])] == ["a", "b", "c", "d"]


def test_a_recording_is_played_at_its_own_time(tmp_path: Path) -> None:
    """An end of life in 2019, which had still to come when it was recorded, is taken."""
    gallery = "/subscriptions/{}/resourceGroups/r/providers/Microsoft.Compute/galleries/g"
    paths = [f"{gallery}?api-version=2019-07-01", f"{gallery}/images/d?api-version=2019-07-01"]
    paths.append(f"{gallery}/images/d/versions/1.0.0?api-version=2019-07-01")
    account = {"id": "/subscriptions/s/resourceGroups/r/providers/x/y/z", "uri": "https://a.b/c"}
    identifier = {"publisher": "p", "offer": "o", "sku": "s"}
    bodies: list[dict[str, object]] = [
        {},
        {"osType": "Linux", "osState": "Generalized", "identifier": identifier},
        {
            "publishingProfile": {"endOfLifeDate": "2019-12-31T00:00:00Z"},
            "storageProfile": {"osDiskImage": {"source": account}},
        },
    ]
    entries = [
        {
            "RequestMethod": "PUT",
            "RequestUri": path.format("00000000-0000-0000-0000-000000000000"),
            "RequestBody": {"location": "eastus2", "properties": body},
            "StatusCode": 201,
            "ResponseHeaders": {"Date": "Mon, 26 Aug 2019 09:27:52 GMT"},
            "ResponseBody": None,
        }
        for path, body in zip(paths, bodies, strict=True)
    ]
    file = tmp_path / "recording.json"
    file.write_text(json.dumps({"Entries": entries}))
    outcome = play(file, tmp_path / "state")
    assert outcome.compared == 3
    assert not [line for line in outcome.disagreements if "status: recorded" in line]
