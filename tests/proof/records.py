"""The hands of whoever can write the app's records: an older copy put back, a row changed."""

from __future__ import annotations

import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

from demo.people import OIDS
from tests.proof.driving import Driver

_FILES = "records.sqlite*"


def copied(driver: Driver) -> Path:
    """A copy of the records, made while nothing runs."""
    driver.process.stop(signal.SIGTERM)
    copy = driver.process.state.parent / "older"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for path in driver.process.state.glob(_FILES):
        shutil.copy(path, copy / path.name)
    driver.restart()
    return copy


def put_back(driver: Driver, copy: Path) -> None:
    """The records are those of the copy."""
    driver.process.stop(signal.SIGTERM)
    for path in driver.process.state.glob(_FILES):
        path.unlink()
    for path in copy.iterdir():
        shutil.copy(path, driver.process.state / path.name)
    driver.restart()


def rename_approver(driver: Driver, migration: str, was: str, made: str) -> None:
    """Somebody's decision becomes another's, who may approve as well."""
    query = "UPDATE record SET value = replace(value, ?, ?) WHERE partition = ? AND row LIKE ?"
    values = (OIDS[was], OIDS[made], migration, "decision.%")
    with closing(sqlite3.connect(driver.process.state / "records.sqlite")) as database, database:
        changed = database.execute(query, values).rowcount
    assert changed, "no decision was there to change"
