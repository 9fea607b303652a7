"""The records of boot tests.

- `<test id>` / `test`: what was accepted, inserted once; `state`: what became of it; `log`: the end of its serial log.
- `open.boot` / `<test id>`: what is not finished, or has been for less than an hour: something of it may still be
there. Written before the test, so that the sweep finds every test. - `boot.<version>` / `<test id>`: the result, for
whoever asks about the version. - `<migration id>` / `boot.<test id>`: the same, of a migration's own tests, as part
of its snapshot.
"""

from collections.abc import Callable
from datetime import datetime

from domain.audit.chain import DEPLOYMENT
from domain.audit.statements import boot_tested
from domain.boot_test.names import is_test_id, version_key
from domain.boot_test.recorded import BootResult, BootSnapshot, BootState, BootTest
from domain.migration.latch import Halt
from records.audit import AuditRecords
from records.store import RecordChangedError

_OPEN = "open.boot"


class BootTestRecords(AuditRecords):
    """Reads and writes of boot tests. Every method may raise RecordsUnavailableError."""

    def accept_boot_test(self, test: BootTest) -> BootTest:
        """Accept a test once; the one that stands under its id."""
        self._store.put(_OPEN, test.id, {"at": test.accepted_at.isoformat()})
        held = self.insert_or_read(test.id, "test", test.model_dump(mode="json"))
        return BootTest.model_validate(held)

    def boot_snapshot(self, test_id: str) -> BootSnapshot | None:
        """Everything recorded about a test, or None if there is no such test."""
        if not is_test_id(test_id):
            return None
        rows = {record.row: record.value for record in self._store.list(test_id)}
        if "test" not in rows:
            return None
        log = rows.get("log", {}).get("text", "")
        return BootSnapshot.model_validate(
            {"test": rows["test"], "state": rows.get("state", {}), "log": log}
        )

    def change_boot_state(
        self, test_id: str, change: Callable[[BootState], BootState | Halt]
    ) -> BootState | Halt:
        """Change the state by a function of `domain.boot_test.recorded`; what holds then, or why it may not be."""
        return self.change_message(test_id, "state", BootState, change)

    def write_boot_log(self, test_id: str, text: str) -> None:
        """Keep the end of the serial log."""
        self._store.put(test_id, "log", {"text": text})

    def write_boot_result(self, result: BootResult, migration: str | None) -> None:
        """Write the result where those look who ask about the version, and about the migration."""
        value = result.model_dump(mode="json")
        self._store.put(_of(result.version_id), result.test_id, value)
        if migration:
            self._store.put(migration, f"boot.{result.test_id}", value)
        self.write_audit(migration or DEPLOYMENT, boot_tested(result))

    def boot_results(self, version_id: str) -> tuple[BootResult, ...]:
        """The results of all tests of a version of this name."""
        rows = self._store.list(_of(version_id))
        return tuple(BootResult.model_validate(record.value) for record in rows)

    # -- open tests ---------------------------------------------------------------------------------------------------

    def open_boot_tests(self) -> list[tuple[str, datetime, str]]:
        """Ids of the tests that are not finished, since when, and the etag of the pointer."""
        return [
            (record.row, datetime.fromisoformat(record.value["at"]), record.etag)
            for record in self._store.list(_OPEN)
        ]

    def reopen_boot_test(self, test_id: str, at: datetime) -> None:
        """Something of a finished test was found: the sweep looks at it again."""
        self._store.put(_OPEN, test_id, {"at": at.isoformat()})

    def close_boot_test(self, test_id: str, etag: str | None = None) -> None:
        """Nothing is left to do for a test; with an etag, unless somebody is just about to accept it."""
        try:
            self._store.delete(_OPEN, test_id, etag)
        except RecordChangedError:
            return


def _of(version_id: str) -> str:
    return f"boot.{version_key(version_id)}"
