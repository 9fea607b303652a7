"""Threat 23: what was decided, deleted and failed can be read in the log, each with the migration's id."""

import re

from localcloud.testing.waiting import until
from tests.scenarios.client import Client
from tests.threats.attackers import store_of, throttle_the_delete, waiting


def lines_of(cloud: Client, migration: str) -> list[str]:
    """The app's lines that name a migration."""
    return [line for line in cloud.process.printed().splitlines() if migration in line]


def tells(cloud: Client, migration: str, *patterns: str) -> bool:
    """Wait until each pattern is in a line that names the migration: what was done may be printed a moment later."""

    def all_there() -> bool:
        lines = lines_of(cloud, migration)
        return all(any(re.search(pattern, line) for line in lines) for pattern in patterns)

    return until(all_there, story=lambda: "\n".join(lines_of(cloud, migration)))


def test_23_a_deletion_is_told_step_by_step(cloud: Client) -> None:
    """Decision with who and what, its ruling, each write with the answer and Azure's correlation id, the outcome."""
    migration = waiting(cloud, "logged")
    assert cloud.decide(migration, approver="ada").status == 200
    cloud.finish(migration)
    assert tells(
        cloud,
        migration,
        r"decision \w+ received: approve by ada",
        r"decision \w+: approved by ada",
        r"deletion is sent by run 1",
        r"deletion answered with 202 \([0-9a-f-]{36}\)",
        r"completed: migrated to version 1\.0\.0",
    )


def facts_told(cloud: Client, migration: str) -> list[str]:
    """The facts in the app's lines, each with its number and kind."""
    lines = [line for line in lines_of(cloud, migration) if f"{migration}: audit " in line]
    assert not [line for line in lines if "said-by-ada" in line]
    return [match[0] for line in lines if (match := re.search(r"audit \d+ \w+", line))]


def test_23_every_fact_is_a_line_of_the_log(cloud: Client) -> None:
    """Once, in the order of the audit, with number and kind; people and their words are in none."""
    migration = waiting(cloud, "logged-facts")
    assert cloud.decide(migration, approver="ada", reason="said-by-ada").status == 200
    cloud.finish(migration)

    def facts() -> list[str]:
        rows = reversed(store_of(cloud).list(migration, prefix="audit."))
        return [f"audit {row.value['number']} {row.value['kind']}" for row in rows]

    assert until(lambda: facts_told(cloud, migration) == facts())
    kinds = [fact.split()[-1] for fact in facts()]
    assert {"accepted", "planned", "versionBegun", "answered", "replicated", "asked"} <= set(kinds)
    assert {"decision", "ruling", "verdict", "gate", "intended", "outcome"} <= set(kinds)
    assert len(facts()) == len(set(facts()))


def test_23_a_failure_names_its_migration(cloud: Client) -> None:
    """Azure's refusal of the DELETE, the cancellation, and a decision that came too late."""
    migration = waiting(cloud, "logged-failure")
    throttle_the_delete(cloud, "logged-failure", migration)
    assert cloud.cancel(migration).status == 202
    cloud.no_faults()
    cloud.finish(migration)
    assert cloud.decide(migration, "approve", approver="bob").status == 409
    assert tells(
        cloud,
        migration,
        r"deletion refused: ",
        r"delete_image: \w+ \([0-9a-f-]{36}\)",
        r"cancellation: holds",
        r"decision \w+: came too late",
    )


def test_23_a_shut_gate_names_its_checks(cloud: Client) -> None:
    """One line for each."""
    migration = waiting(cloud, "logged-gate", excludeFromLatest=True)
    version = cloud.version("logged-gate")
    assert version is not None
    cloud.arm("DELETE", version["id"], api="2024-03-03")
    cloud.advance("PT10M")
    assert cloud.decide(migration).status == 200
    cloud.finish(migration)
    assert tells(
        cloud,
        migration,
        r"the gate is shut: the image version is not there",
        r"kept: not deleted",
    )
