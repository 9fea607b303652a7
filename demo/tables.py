"""Empties a SQLite file that others may have open."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

BUSY_SECONDS = 10


def empty_tables(path: Path) -> None:
    """Deletes every row, in one transaction; the tables stay, so that open connections go on."""
    if not path.exists():
        return
    with contextlib.closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as database:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        with database:
            for (name,) in database.execute(query).fetchall():
                database.execute(f'DELETE FROM "{name}"')
