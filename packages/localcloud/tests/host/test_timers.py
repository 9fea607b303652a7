"""Timer schedules and payloads, held to the recordings of the real extension."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from localcloud.clock import Clock
from localcloud.host.app import App
from localcloud.host.schedules import ScheduleError, parse_schedule
from localcloud.host.timers import Status, Timers
from localcloud.host.worker import LoadError
from packages.localcloud.tests.host.apps import SHARED, write_app

RECORDED = SHARED / "functions" / "timers.json"
needs_recordings = pytest.mark.skipif(not RECORDED.exists(), reason=f"{RECORDED} is not there")
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
APP = """
import json, pathlib
RUNS = pathlib.Path(__file__).with_name("runs.jsonl")
app = func.FunctionApp()

def note(name, t):
    with RUNS.open("a") as lines:
        lines.write(json.dumps([name, t.past_due, t.schedule_status, t.schedule]) + "\\n")

@app.timer_trigger(arg_name="t", schedule="0 0 * * * *")
def hourly(t: func.TimerRequest) -> None:
    note("hourly", t)

@app.timer_trigger(arg_name="t", schedule="%EVERY%", run_on_startup=True)
def often(t: func.TimerRequest) -> None:
    note("often", t)
    raise ValueError("a failing run counts")
"""


def schedules() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    if RECORDED.exists():
        rows = json.loads(RECORDED.read_text())["schedules"]
    return rows


@needs_recordings
@pytest.mark.parametrize("row", schedules(), ids=lambda row: f"{row['schedule']} {row['start']}")
def test_next_occurrences_are_the_recorded_ones(row: dict[str, Any]) -> None:
    """Occurrences, use of the monitor and error texts agree with the real host's."""
    settings = json.loads(RECORDED.read_text())["settings"]
    start = datetime.fromisoformat(row["start"])
    if "error" in row:
        with pytest.raises(ScheduleError) as caught:
            parse_schedule(row["schedule"], settings)
        assert row["error"].endswith(str(caught.value))
        return
    schedule = parse_schedule(row["schedule"], settings)
    occurrences, when = [], start
    for _ in row["next"]:
        when = schedule.next(when)
        occurrences.append(when)
    assert occurrences == [datetime.fromisoformat(text) for text in row["next"]]
    assert schedule.under_a_minute(start) is not row["use_monitor_after_create"]
    assert schedule.adjust_for_dst is row["adjust_for_dst"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1:02:03:04", 93_784), ("1.02:03", 93_780), ("02:03:04.5", 7_384.5), ("25:00:00", 2_160_000)],
)
def test_a_time_span_is_read_as_net_does(text: str, seconds: float) -> None:
    """Days before a point or, with seconds, before a colon; hours over 23 are days then."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert parse_schedule(text, {}).next(start) == start + timedelta(seconds=seconds)


@needs_recordings
def test_status_is_written_as_recorded() -> None:
    """A status read from the monitor is written back to the letter, sub-microseconds aside."""
    rows = json.loads(RECORDED.read_text())["schedule_monitor_writes"]
    for row in rows:
        body = json.loads(row["status_json"])
        expected = {name: shorter(text) for name, text in body.items()}
        assert Status.of_json(body).as_json() == expected


def shorter(text: str) -> str:
    """.NET has seven digits below a second, Python six."""
    head, dot, rest = text.partition(".")
    digits = rest.removesuffix("+00:00")[:6].rstrip("0")
    return head + (dot + digits if digits else "") + "+00:00" if dot else text


def observed(folder: Path, state: Path, clock: Clock, moves: list[datetime]) -> list[Any]:
    """The runs of an app while the clock is moved to each of `moves` in turn."""

    async def run() -> None:
        worker = App.load(folder)
        timers = Timers(worker, clock, state / "timers.json", {"every": "*/20 * * * * *"})
        timers.start()
        await timers.idle()
        for moment in moves:
            clock.change(now=moment)
            await timers.idle()
        await timers.stop()
        worker.stop()

    asyncio.run(run())
    runs = folder / "runs.jsonl"
    lines = runs.read_text().splitlines() if runs.exists() else []
    runs.unlink(missing_ok=True)
    return [json.loads(line) for line in lines]


def stopped_clock(now: datetime) -> Clock:
    clock = Clock(speed=0)
    clock.change(now=now)
    return clock


def test_a_tick_tells_what_the_recordings_tell(tmp_path: Path) -> None:
    """First run: no last run; then Last and Next are the run before and the tick now firing."""
    folder, clock = write_app(tmp_path / "app", APP), stopped_clock(NOON + timedelta(minutes=1))
    moves = [NOON + timedelta(hours=1), NOON + timedelta(hours=2)]
    runs = [run for run in observed(folder, tmp_path, clock, moves) if run[0] == "hourly"]
    zero, first, second = "0001-01-01T00:00:00", moves[0].isoformat(), moves[1].isoformat()
    assert [run[1] for run in runs] == [False, False]
    assert runs[0][2] == {"Last": zero, "Next": first, "LastUpdated": zero}
    assert runs[1][2] == {"Last": first, "Next": second, "LastUpdated": first}
    assert runs[0][3] == {"AdjustForDST": True}


def test_under_a_minute_there_is_no_status_and_missed_ticks_are_one_run(tmp_path: Path) -> None:
    """A jump over many ticks runs once; a failing run counts as a run."""
    folder, clock = write_app(tmp_path / "app", APP), stopped_clock(NOON + timedelta(seconds=1))
    moves = [NOON + timedelta(seconds=s) for s in (20, 59, 60)]
    runs = [run for run in observed(folder, tmp_path, clock, moves) if run[0] == "often"]
    # On start-up, at 20, once for 40, at 60.
    assert [run[2] for run in runs] == [{}] * 4


def test_a_tick_missed_while_down_is_past_due_once(tmp_path: Path) -> None:
    """After a restart three hours later the timer runs at once, for the first missed tick."""
    folder = write_app(tmp_path / "app", APP)
    observed(
        folder, tmp_path, stopped_clock(NOON + timedelta(minutes=30)), [NOON + timedelta(hours=1)]
    )
    clock = stopped_clock(NOON + timedelta(hours=4, minutes=5))
    runs = [run for run in observed(folder, tmp_path, clock, []) if run[0] == "hourly"]
    assert len(runs) == 1
    assert runs[0][1] is True
    assert runs[0][2]["Next"] == (NOON + timedelta(hours=2)).isoformat()


def test_a_changed_schedule_is_not_past_due(tmp_path: Path) -> None:
    """The kept next tick belongs to another schedule: it is worked out anew."""
    status = Status(NOON, NOON + timedelta(minutes=7), NOON)
    (tmp_path / "timers.json").write_text(json.dumps({"hourly": status.as_json()}))
    folder, clock = write_app(tmp_path / "app", APP), stopped_clock(NOON + timedelta(hours=5))
    runs = [run for run in observed(folder, tmp_path, clock, []) if run[0] == "hourly"]
    assert runs == []


@pytest.mark.parametrize("schedule", ["nonsense", "%Missing%", "00:00:00", "0 0 0 31 2 *"])
def test_a_schedule_that_the_host_refuses_stops_the_start(tmp_path: Path, schedule: str) -> None:
    """The error names the function."""
    code = f"""
    app = func.FunctionApp()

    @app.timer_trigger(arg_name="t", schedule="{schedule}")
    def tick(t: func.TimerRequest) -> None:
        pass
    """
    worker = App.load(write_app(tmp_path, code))
    with pytest.raises(LoadError, match="function tick: "):
        Timers(worker, Clock(), tmp_path / "timers.json", {})
    worker.stop()
