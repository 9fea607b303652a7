"""Brings each mishap about, from outside the runtime."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future, wait
from contextlib import closing, contextmanager
from pathlib import Path

from tests.crash.cloud import Cloud, until
from tests.crash.evidence import Json
from tests.crash.plan import AtCall, AtMoment, Calm, FullDisk, Locked, Mishap, SetBack, Unlucky

# Bytes; the clock, which is written in place, needs some.
SMALLEST = 4096


def bring_about(mishap: Mishap, cloud: Cloud, step: Future[None]) -> None:
    """Let it happen while `step` runs; on return the runtime is dead, or well again."""
    match mishap:
        case AtMoment(seconds):
            wait([step], seconds)
            cloud.kill()
        case AtCall():
            until(lambda: reached(cloud) or step.done(), "the call has come, or the end")
            cloud.kill()
        case SetBack(seconds):
            started, before = migrations_in(cloud.hub_file), copy_of(cloud.hub_file)
            wait([step], seconds)
            cloud.kill()
            # Otherwise the sweep's start would be lost.
            if migrations_in(cloud.hub_file) == started:
                put_back(cloud.hub_file, before)
        case Locked(file, seconds):
            path = cloud.records_file if file == "records" else cloud.hub_file
            with locked(path):
                wait([step], seconds)
        case FullDisk(seconds):
            with full_disk(cloud):
                wait([step], seconds)
        case Unlucky() | Calm():
            wait([step])


def rules(mishap: Mishap) -> list[Json]:
    """Return the fault rules that ARM needs before the mishap."""
    return [mishap.rule] if isinstance(mishap, AtCall | Unlucky) else []


def is_late(mishap: Mishap) -> bool:
    """Return True if the call shall arrive only when the next runtime is there."""
    return isinstance(mishap, AtCall) and mishap.moment == "late"


def reached(cloud: Cloud) -> int:
    """Return the number of calls that were held or swallowed."""
    armed = cloud.arm("GET", "/faults")["rules"]
    return sum(rule["fired"] for rule in armed if rule["what"] in ("hold", "timeout"))


def copy_of(path: Path) -> bytes:
    """A SQLite file as it is now, whoever is using it."""
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(":memory:")) as copy:
        source.backup(copy)
        return copy.serialize()


def migrations_in(path: Path) -> set[str]:
    """The migrations that a file of histories has."""
    with closing(sqlite3.connect(path)) as histories:
        rows = histories.execute("SELECT id FROM instances WHERE name = 'migrate_image'")
        return {migration for (migration,) in rows}


def put_back(path: Path, content: bytes) -> None:
    """Make a SQLite file, which nobody uses, what it was."""
    for log in ("-wal", "-shm"):
        Path(f"{path}{log}").unlink(missing_ok=True)
    path.write_bytes(content)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else can write to a SQLite file meanwhile."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=5)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def full_disk(cloud: Cloud) -> Iterator[None]:
    """No file of the runtime can grow beyond the size that its smallest write-ahead log has now."""
    logs = [Path(f"{file}-wal") for file in (cloud.records_file, cloud.hub_file)]
    size = max(SMALLEST, min((log.stat().st_size for log in logs if log.exists()), default=0))
    limit = resource.RLIMIT_FSIZE
    small = (size, resource.RLIM_INFINITY)
    before = {pid: resource.prlimit(pid, limit, small) for pid in (cloud.pid, cloud.worker)}
    try:
        yield
    finally:
        for pid, former in before.items():
            resource.prlimit(pid, limit, former)
