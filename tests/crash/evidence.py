"""The evidence at the end of a run: the answers that callers got, the records, the requests that ARM saw."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from azure.data.tables import TableClient

from records.backends.chunks import from_properties

Json = dict[str, Any]
Rows = Mapping[str, Json]
Notice = tuple[str, str, str]


@dataclass
class Told:
    """The answers that callers got about one migration.

    started: how many of its starts were answered 202. outcomes: every outcome seen, in order.
    status: its last status.
    """

    started: int = 0
    outcomes: list[str] = field(default_factory=list)
    status: Json = field(default_factory=dict)

    def hear(self, status: Json) -> None:
        """Remember a status that was answered."""
        self.status = status
        outcome = status.get("outcome")
        if outcome and outcome not in self.outcomes:
            self.outcomes.append(outcome)


@dataclass(frozen=True)
class Evidence:
    """Everything that the checker looks at.

    records: the app's own, rows by partition. requests, resources, deleted: ARM's log, what exists,
    what is gone. approvals: migration and fingerprint of every approval that was signed.
    expected: the outcomes that an image's migration may have, by lower-cased image id.
    notices: what a receiver took, as migration, kind and webhook-id; None where nobody listened.
    """

    told: Mapping[str, Told]
    records: Mapping[str, Rows]
    requests: Sequence[Json] = ()
    resources: Sequence[Json] = ()
    deleted: Sequence[Json] = ()
    approvals: frozenset[tuple[str, str]] = frozenset()
    expected: Mapping[str, frozenset[str]] = field(default_factory=dict)
    notices: Sequence[Notice] | None = None

    @property
    def accepted(self) -> dict[str, Json]:
        """The accepted requests in the records, by migration id."""
        rows = [row for partition in self.records.values() for row in partition.values()]
        return {row["id"]: row for row in rows if "digest" in row}


def outcome_of(rows: Rows) -> Json | None:
    """The one outcome among a migration's rows: in its latch, or in a row of its own as it was before that."""
    return rows.get("latch", {}).get("finished") or rows.get("outcome")


def read_table(connection_string: str, table: str) -> dict[str, dict[str, Json]]:
    """The rows of the records in a table, by partition."""
    found: dict[str, dict[str, Json]] = defaultdict(dict)
    with TableClient.from_connection_string(connection_string, table) as client:
        for entity in client.list_entities():
            value = json.loads(from_properties(entity))
            found[entity["PartitionKey"]][entity["RowKey"]] = value
    return found


def read_records(path: Path) -> dict[str, dict[str, Json]]:
    """The rows of a record file, by partition."""
    found: dict[str, dict[str, Json]] = defaultdict(dict)
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        for partition, row, value in connection.execute("SELECT partition, row, value FROM record"):
            found[partition][row] = json.loads(value)
    connection.close()
    return found
