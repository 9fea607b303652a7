"""The statements that an approval is asked about, and who opened them. All rows lie under the migration's id.

`statement.<round>`: the text, written once. `opened.<key>`: somebody who may approve has read one, the first time.
"""

import hashlib

from domain.approval.statement import KeptStatement, Opening
from domain.audit.statements import opened, stated
from records.audit import AuditRecords


class StatementRecords(AuditRecords):
    """Reads and writes of statements. Every method may raise RecordsUnavailableError."""

    def keep_statement(self, migration: str, asked: int, statement: KeptStatement) -> KeptStatement:
        """Write the statement of a round of asking, once; the one that holds."""
        row = f"statement.{asked}"
        held = KeptStatement.model_validate(
            self.insert_or_read(migration, row, statement.model_dump(mode="json"))
        )
        self.write_audit(migration, stated(str(asked), held))
        return held

    def keep_opening(self, opening: Opening) -> Opening:
        """Write that somebody opened a statement, the first time that they did; what is kept of it."""
        who = f"{opening.statement_hash}:{opening.by.kind}:{opening.by.id.lower()}"
        row = f"opened.{hashlib.sha256(who.encode()).hexdigest()[:40]}"
        held = Opening.model_validate(
            self.insert_or_read(opening.migration_id, row, opening.model_dump(mode="json"))
        )
        self.write_audit(opening.migration_id, opened(held))
        return held
