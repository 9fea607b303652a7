"""The kinds of facts, as the docs list them."""

import re
from pathlib import Path

from domain.audit.events import Kind

DOCS = Path(__file__).parents[3] / "docs" / "deletion.md"


def test_the_docs_list_every_kind_and_no_other() -> None:
    """In the table of the section on the audit."""
    section = DOCS.read_text().partition("## The audit\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    listed = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(listed) == sorted(Kind)
