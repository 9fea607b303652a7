"""Asks the advisory database about everything that the locks hold, and tells what it knows.

    python -m tests.supply_chain.audit --auditor PROGRAM LOCK [LOCK ...]

Exit status 1 if a vulnerability is known, or a package could not be looked up. Where not one could, as on a machine
that reaches a mirror only, it says so and its status is 0; with CI in the environment it is 1: there it must happen.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple


class Audited(NamedTuple):
    """One locked package: the vulnerabilities that are known of it, in words, or why it could not be looked up."""

    lock: str
    name: str
    vulnerabilities: tuple[str, ...] = ()
    skipped: str = ""


class Verdict(NamedTuple):
    """The exit status, and the lines that say why."""

    status: int
    lines: tuple[str, ...]


def verdict(packages: Sequence[Audited], *, in_ci: bool) -> Verdict:
    """The verdict on all that was asked about; nothing at all was an audit of nothing."""
    if all(package.skipped for package in packages):
        reason = packages[0].skipped if packages else "no package was asked about"
        return Verdict(int(in_ci), (f"skipped: the advisory database is not reachable ({reason})",))
    wrong = tuple(_complaints(packages))
    return Verdict(
        int(bool(wrong)), wrong or (f"{len(packages)} packages: nothing is known against them",)
    )


def _complaints(packages: Sequence[Audited]) -> Iterator[str]:
    for package in packages:
        where = f"{package.lock}: {package.name}"
        yield from (f"{where}: {text}" for text in package.vulnerabilities)
        if package.skipped:
            yield f"{where}: not looked up ({package.skipped})"


def parsed(lock: str, report: str) -> list[Audited]:
    """The packages in the auditor's report on a lock. Raises ValueError or KeyError for what is none."""
    return [_audited(lock, each) for each in json.loads(report)["dependencies"]]


def _audited(lock: str, body: dict[str, Any]) -> Audited:
    if reason := body.get("skip_reason"):
        return Audited(lock, body["name"], skipped=reason)
    name = f"{body['name']} {body['version']}"
    return Audited(lock, name, tuple(map(_in_words, body["vulns"])))


def _in_words(vulnerability: dict[str, Any]) -> str:
    fixed = ", ".join(vulnerability["fix_versions"]) or "no version"
    return f"{vulnerability['id']}, fixed in {fixed}"


def asked(auditor: Path, lock: str) -> list[Audited]:
    """The answer of the auditor about a lock; one that ends without a report could look up nothing."""
    # The lock names everything and its hash, so pip is not needed to resolve it.
    options = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    run = subprocess.run(
        [auditor, "--requirement", lock, *options], capture_output=True, text=True, check=False
    )
    if not run.stdout:
        last = run.stderr.strip().rpartition("\n")[2]
        return [Audited(lock, "everything", skipped=last)]
    return parsed(lock, run.stdout)


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--auditor", type=Path, required=True)
    parser.add_argument("locks", nargs="+", metavar="LOCK")
    options = parser.parse_args()
    packages = [each for lock in options.locks for each in asked(options.auditor, lock)]
    status, lines = verdict(packages, in_ci=bool(os.environ.get("CI")))
    for line in lines:
        sys.stdout.write(line + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
