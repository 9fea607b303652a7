"""The SQLite backend alone: locks, full disks, killed and many processes."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from records.backends.sqlite import SqliteRecords
from records.store import RecordError, RecordsUnavailableError

_ROOT = Path(__file__).resolve().parents[2]
_WRITE_FOR_EVER = """
import itertools, sys
from records.backends.sqlite import SqliteRecords
store = SqliteRecords(sys.argv[1])
for number in itertools.count():
    store.insert("p", f"{number:06}", {"n": number})
    print(number, flush=True)
"""
_CLAIM = """
import sys
from records.backends.sqlite import SqliteRecords
from records.store import RecordExistsError
store = SqliteRecords(sys.argv[1])
sys.stdin.readline()
try:
    store.insert("p", "a", {})
    print("won")
except RecordExistsError:
    print("lost")
"""


def _start(script: str, path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, str(path)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=_ROOT, stdin=pipe, stdout=pipe, text=True)


def test_a_killed_writer_loses_nothing_it_reported(tmp_path: Path) -> None:
    """A write that was reported to a process is there after SIGKILL."""
    with _start(_WRITE_FOR_EVER, tmp_path / "r.db") as writer:
        assert writer.stdout is not None
        reported = [int(writer.stdout.readline()) for _ in range(50)][-1]
        os.kill(writer.pid, signal.SIGKILL)
    rows = SqliteRecords(tmp_path / "r.db").list("p", limit=100_000)
    assert [record.value["n"] for record in rows] == list(range(len(rows)))
    assert len(rows) > reported


def test_one_of_many_processes_wins(tmp_path: Path) -> None:
    """Processes that make the file at the same moment agree on one winner."""
    racers = [_start(_CLAIM, tmp_path / "r.db") for _ in range(4)]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    answers = [racer.communicate()[0].strip() for racer in racers]
    assert sorted(answers) == ["lost", "lost", "lost", "won"]


def test_a_locked_file_is_an_outage(tmp_path: Path) -> None:
    """While somebody else writes, reads go on, writes are told to come again and then succeed."""
    store = SqliteRecords(tmp_path / "r.db", busy_seconds=0.05)
    first = store.insert("p", "a", {"n": 1})
    other = sqlite3.connect(tmp_path / "r.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RecordsUnavailableError, match="locked"):
        store.put("p", "a", {"n": 2})
    assert store.read("p", "a") == first
    other.execute("ROLLBACK")
    other.close()
    assert store.put("p", "a", {"n": 2}).value == {"n": 2}


def test_a_full_disk_is_an_outage(tmp_path: Path) -> None:
    """A write that finds no room leaves the record as it was, and succeeds when there is room."""
    store = SqliteRecords(tmp_path / "r.db")
    first = store.insert("p", "a", {"n": 1})
    with store._connection() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(RecordsUnavailableError, match="full"):
            store.put("p", "a", {"text": "x" * 100_000})
        assert store.read("p", "a") == first
        connection.execute("PRAGMA max_page_count = 1000000")
    assert len(store.put("p", "a", {"text": "x" * 100_000}).value["text"]) == 100_000


def test_a_path_that_cannot_be_made_is_an_outage(tmp_path: Path) -> None:
    """A file where the folder should be is told as such, and the same store works once it is gone."""
    (tmp_path / "folder").write_text("in the way")
    store = SqliteRecords(tmp_path / "folder" / "r.db")
    with pytest.raises(RecordsUnavailableError):
        store.read("p", "a")
    (tmp_path / "folder").unlink()
    assert store.read("p", "a") is None


def test_a_file_that_is_no_database_is_no_outage(tmp_path: Path) -> None:
    """Trying again would not help, so it is told differently."""
    (tmp_path / "r.db").write_text("not a database, but long enough to be read as one" * 100)
    with pytest.raises(RecordError) as caught:
        SqliteRecords(tmp_path / "r.db").read("p", "a")
    assert not isinstance(caught.value, RecordsUnavailableError)


def test_a_removed_file_is_made_again(tmp_path: Path) -> None:
    """Whoever empties the folder under a running app gets empty records, not lost writes."""
    store = SqliteRecords(tmp_path / "r.db")
    store.insert("p", "a", {})
    for file in tmp_path.glob("r.db*"):
        file.unlink()
    assert store.read("p", "a") is None
    written = store.insert("p", "a", {"n": 2})
    assert SqliteRecords(tmp_path / "r.db").read("p", "a") == written
