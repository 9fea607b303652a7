"""Threat 23: what was decided, deleted and failed can be read in the log, each with the migration's id."""

import re

from tests.scenarios.client import Client
from tests.threats.attackers import store_of, throttle_the_delete, waiting


def lines_of(cloud: Client, migration: str) -> list[str]:
    """The app's lines that name a migration."""
    return [line for line in cloud.process.printed().splitlines() if migration in line]


def has(lines: list[str], pattern: str) -> bool:
    return any(re.search(pattern, line) for line in lines)


def test_23_a_deletion_is_told_step_by_step(cloud: Client) -> None:
    """Decision with who and what, its ruling, each write with the answer and Azure's correlation id, the outcome."""
    migration = waiting(cloud, "logged")
    assert cloud.decide(migration, approver="ada").status == 200
    cloud.finish(migration)
    lines = lines_of(cloud, migration)
    assert has(lines, r"decision \w+ received: approve by ada")
    assert has(lines, r"decision \w+: approved by ada")
    assert has(lines, r"deletion is sent by run 1")
    assert has(lines, r"deletion answered with 202 \([0-9a-f-]{36}\)")
    assert has(lines, r"completed: migrated to version 1\.0\.0")


def test_23_every_fact_is_a_line_of_the_log(cloud: Client) -> None:
    """Once, in the order of the audit, with number and kind; people and their words are in none."""
    migration = waiting(cloud, "logged-facts")
    assert cloud.decide(migration, approver="ada", reason="said-by-ada").status == 200
    cloud.finish(migration)
    rows = reversed(store_of(cloud).list(migration, prefix="audit."))
    facts = [f"audit {row.value['number']} {row.value['kind']}" for row in rows]
    lines = [line for line in lines_of(cloud, migration) if f"{migration}: audit " in line]
    told = [match[0] for line in lines if (match := re.search(r"audit \d+ \w+", line))]
    assert told == facts
    kinds = {fact.split()[-1] for fact in facts}
    assert kinds >= {"accepted", "planned", "versionBegun", "answered", "replicated", "asked"}
    assert kinds >= {"decision", "ruling", "verdict", "gate", "intended", "confirmed", "outcome"}
    assert len(facts) == len(set(facts))
    assert not has(lines, "said-by-ada")


def test_23_a_failure_names_its_migration(cloud: Client) -> None:
    """Azure's refusal of the DELETE, the cancellation, and a decision that came too late."""
    migration = waiting(cloud, "logged-failure")
    throttle_the_delete(cloud, "logged-failure", migration)
    assert cloud.cancel(migration).status == 202
    cloud.no_faults()
    cloud.finish(migration)
    assert cloud.decide(migration, "approve", approver="bob").status == 409
    lines = lines_of(cloud, migration)
    assert has(lines, r"deletion refused: ")
    assert has(lines, r"delete_image: \w+ \([0-9a-f-]{36}\)")
    assert has(lines, r"cancellation: holds")
    assert has(lines, r"decision \w+: came too late")


def test_23_a_shut_gate_names_its_checks(cloud: Client) -> None:
    """One line for each."""
    migration = waiting(cloud, "logged-gate", excludeFromLatest=True)
    version = cloud.version("logged-gate")
    assert version is not None
    cloud.arm("DELETE", version["id"], api="2024-03-03")
    cloud.advance("PT10M")
    assert cloud.decide(migration).status == 200
    cloud.finish(migration)
    lines = lines_of(cloud, migration)
    assert has(lines, r"the gate is shut: the image version is not there")
    assert has(lines, r"kept: not deleted")
