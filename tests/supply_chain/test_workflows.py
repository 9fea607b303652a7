"""Workflows, Dependabot, the development container: they run what is here, with no more rights than needed."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.documents.project import files
from tests.test_requirements import PYTHONS

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(
    r"^\s*(?:- )?uses: [\w.-]+(?:/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", re.MULTILINE
)
# Beyond reading the code: who may do what, and why.
GRANTED = {
    ("codeql.yml", "analyze"): {"security-events": "write"},
    # Azure is signed in to by the workflow's own identity, without a secret.
    ("deploy.yml", "deploy"): {"id-token": "write"},
}
# What Dependabot calls the ecosystem of a manifest.
MANIFESTS = {"requirements.*.txt": "pip", "package.json": "npm", "go.mod": "gomod"}


class Job(NamedTuple):
    """A job, where it stands, and its steps."""

    workflow: str
    name: str
    body: dict[str, Any]

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The steps, in turn."""
        steps: list[dict[str, Any]] = self.body["steps"]
        return steps


def read(path: Path) -> dict[Any, Any]:
    content: dict[Any, Any] = yaml.safe_load(path.read_text())
    return content


def jobs() -> Iterator[Job]:
    for path in WORKFLOWS:
        for name, body in read(path)["jobs"].items():
            yield Job(path.name, name, body)


JOBS = list(jobs())
EACH_JOB = pytest.mark.parametrize("job", JOBS, ids=lambda job: f"{job.workflow}-{job.name}")


def dry_run(command: str) -> subprocess.CompletedProcess[str]:
    """Make says what it would do, and fails if a target, or what that needs, is nowhere."""
    words = ["make", "--dry-run", *command.split()[1:]]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


@EACH_JOB
def test_whatever_a_workflow_runs_is_a_target_of_the_makefile(job: Job) -> None:
    """So a failure there can be had at home; nothing of an event gets into a shell."""
    for step in job.steps:
        if command := step.get("run"):
            assert re.fullmatch(r"make [a-z0-9-]+", command), command
            outcome = dry_run(command)
            assert outcome.returncode == 0, outcome.stderr
        else:
            assert step["uses"]


def test_a_target_that_is_nowhere_is_noticed() -> None:
    """Or the test above could not fail."""
    assert dry_run("make chekc").returncode


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_named_by_their_commit(path: Path) -> None:
    """A tag can be moved to other code; Dependabot reads the version behind it."""
    text = path.read_text()
    uses = re.findall(r"^.*\buses:.*$", text, re.MULTILINE)
    assert uses
    assert [line for line in uses if not PINNED.match(line)] == []


def test_an_action_has_one_commit_everywhere() -> None:
    """Two versions side by side are a slip."""
    used = {step["uses"] for job in JOBS for step in job.steps if "uses" in step}
    # The parts of one repository are of one commit.
    repositories = {
        ("/".join(text.split("@")[0].split("/")[:2]), text.split("@")[1]) for text in used
    }
    assert len(repositories) == len({name for name, _ in repositories})


@EACH_JOB
def test_a_job_may_do_no_more_than_it_needs(job: Job) -> None:
    """It reads the code, within a time, and keeps no token for those that it runs."""
    workflow = read(ROOT / ".github" / "workflows" / job.workflow)
    more = GRANTED.get((job.workflow, job.name), {})
    assert workflow["permissions"] == {"contents": "read"}
    assert job.body.get("permissions", {"contents": "read"}) == {"contents": "read", **more}
    assert job.body["timeout-minutes"] <= 60
    checkouts = [s for s in job.steps if s.get("uses", "").startswith("actions/checkout@")]
    assert [step["with"] for step in checkouts] == [{"persist-credentials": False}]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_workflow_runs_a_strangers_code_with_rights(path: Path) -> None:
    """`pull_request_target` would; the word `on` is a boolean in YAML."""
    events = read(path)[True]
    assert set(events) <= {"push", "pull_request", "schedule", "workflow_dispatch"}
    assert events.get("push", {"branches": ["main"]}) == {"branches": ["main"]}


def test_all_tests_run_on_every_python_that_is_supported() -> None:
    """As the project says which."""
    (job,) = [job for job in JOBS if {"run": "make test"} in job.steps]
    assert job.body["strategy"]["matrix"]["python"] == PYTHONS


def test_ci_runs_what_has_to_pass() -> None:
    """Checks, tests, the embedded runtime against the real one, the demo, the audit, the list of what is deployed."""
    runs = {step["run"] for job in JOBS for step in job.steps if "run" in step}
    assert runs >= {
        f"make {name}"
        for name in ("check", "test", "conformance", "demo", "infra", "audit", "sbom")
    }


def test_a_deployment_is_asked_for_in_an_environment_and_holds_no_secret() -> None:
    """Its rules say who may; what it needs are variables, which anybody may read."""
    path = ROOT / ".github" / "workflows" / "deploy.yml"
    assert set(read(path)[True]) == {"workflow_dispatch"}
    (job,) = [job for job in JOBS if {"run": "make deploy"} in job.steps]
    assert job.body["environment"]
    assert [one.name for one in WORKFLOWS if "secrets." in one.read_text()] == []


def test_dependabot_looks_at_every_list_of_packages() -> None:
    """Of each kind, in each folder; and at the actions."""
    there = {
        (kind, f"/{Path(name).parent}".replace("/.", "/"))
        for name in files()
        for pattern, kind in MANIFESTS.items()
        if re.fullmatch(pattern, Path(name).name)
    }
    updates = read(ROOT / ".github" / "dependabot.yml")["updates"]
    told = {(update["package-ecosystem"], update["directory"]) for update in updates}
    assert told == there | {("github-actions", "/")}


def test_the_development_container_makes_what_the_makefile_needs() -> None:
    """On a Python that is supported, with the port of `make up`."""
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert container["image"].rpartition(":")[2] in PYTHONS
    outcome = dry_run(container["postCreateCommand"])
    assert outcome.returncode == 0, outcome.stderr
    port = re.search(r"^PORT \?= (\d+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert port
    assert container["forwardPorts"] == [int(port[1])]
