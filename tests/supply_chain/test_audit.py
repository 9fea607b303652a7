"""An audit fails on what is known and on what it could not ask about, and says when it did not take place."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.supply_chain.audit import Audited, Verdict, asked, parsed, verdict

FINE = Audited("a.lock", "fine 1.0")
BAD = Audited("a.lock", "bad 1.0", ("PYSEC-1, fixed in 1.1",))
UNKNOWN = Audited("b.lock", "odd", skipped="not found")
CASES: dict[str, tuple[list[Audited], bool, Verdict]] = {
    "nothing is known": (
        [FINE, FINE],
        True,
        Verdict(0, ("2 packages: nothing is known against them",)),
    ),
    "one is vulnerable": (
        [FINE, BAD],
        False,
        Verdict(1, ("a.lock: bad 1.0: PYSEC-1, fixed in 1.1",)),
    ),
    "one could not be looked up": (
        [FINE, UNKNOWN],
        False,
        Verdict(1, ("b.lock: odd: not looked up (not found)",)),
    ),
    "none could, at home": (
        [UNKNOWN, UNKNOWN],
        False,
        Verdict(0, ("skipped: the advisory database is not reachable (not found)",)),
    ),
    "none could, in CI": (
        [UNKNOWN],
        True,
        Verdict(1, ("skipped: the advisory database is not reachable (not found)",)),
    ),
}


@pytest.mark.parametrize(("packages", "in_ci", "expected"), CASES.values(), ids=CASES)
def test_an_audit_passes_only_if_everything_was_looked_up(
    packages: list[Audited], in_ci: bool, expected: Verdict
) -> None:
    """Or if nothing could be, on somebody's own machine, and it says so."""
    assert verdict(packages, in_ci=in_ci) == expected


def test_an_audit_of_nothing_is_none() -> None:
    """An empty report does not pass in CI."""
    assert verdict([], in_ci=True).status == 1


def test_a_report_is_read_with_its_vulnerabilities() -> None:
    """As pip-audit 2.10 writes it."""
    known = {"id": "PYSEC-1", "fix_versions": [], "aliases": [], "description": "…"}
    dependencies = [
        {"name": "bad", "version": "1.0", "vulns": [known]},
        {"name": "fine", "version": "1.0", "vulns": []},
        {"name": "odd", "skip_reason": "not found"},
    ]
    assert parsed("a.lock", json.dumps({"dependencies": dependencies, "fixes": []})) == [
        Audited("a.lock", "bad 1.0", ("PYSEC-1, fixed in no version",)),
        FINE,
        Audited("a.lock", "odd", skipped="not found"),
    ]


def test_an_auditor_without_a_report_looked_up_nothing(tmp_path: Path) -> None:
    """Its last line says why."""
    auditor = tmp_path / "auditor"
    auditor.write_text("#!/bin/sh\necho first >&2\necho no network >&2\nexit 1\n")
    auditor.chmod(stat.S_IRWXU)
    assert asked(auditor, "a.lock") == [Audited("a.lock", "everything", skipped="no network")]
