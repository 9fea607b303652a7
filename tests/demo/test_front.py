"""The HTTP front, held to what was recorded on the real Functions host with this app (../shared/functions)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from localcloud.testing.figures import tell
from localcloud.testing.process import CloudProcess
from tests.demo.front import RECORDED, Answer, Row, differences, play, rows
from tests.e2e.proofs.changed_code import Change, Edit, copy_of_the_app

pytestmark = pytest.mark.skipif(not RECORDED.exists(), reason="missing: ../shared/functions")
ROOT = Path(__file__).resolve().parents[2]
MIN_SHARE = 0.95
# Rows that do not agree, and why not.
LEFT_OUT: Mapping[str, str] = {
    "GET /": "the page is Azure's own: 150 kB of HTML with pictures",
}
# What the app itself answers since the day of the recording: the body of a chunked request does not reach it.
SINCE = {"POST chunked": 411, "POST chunked + length": 411}


# On the day of the recording the host's keys stood before the app, and it asked nobody.
AS_RECORDED = Change(
    "function keys",
    (
        Edit("function_app.py", "AuthLevel.ANONYMOUS", "AuthLevel.FUNCTION"),
        Edit(
            "triggers/http/guard.py",
            "await caller_of(app, req, handler.__name__)",
            'Caller(kind="webhook" if handler.__name__ == "decide" else "person", id="x", '
            'proof="token", roles=("Migration.Submit",))',
        ),
        # And the handler itself looked for a signature.
        Edit(
            "triggers/http/approvals.py",
            "    person = signed is None\n",
            "    person = signed is None\n    if person:\n"
            '        return problem_response(401, "no signature")\n',
        ),
    ),
)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Answer]]:
    """The answer of this host to each row, one after another, with its own keys."""
    state = tmp_path_factory.mktemp("front") / "state"
    folder = copy_of_the_app(tmp_path_factory.mktemp("then") / "app", AS_RECORDED)
    with CloudProcess(state, "up", "--port", "0", module="demo", folder=folder) as cloud:
        kept = json.loads((state / "keys.json").read_text())
        keys = {
            "<fn>": kept["host"],
            "<master>": kept["master"],
            "<dur>": cloud.connection["systemKeys"]["durabletask"],
            "<eg>": cloud.connection["systemKeys"]["eventgrid"],
        }
        url = cloud.connection["app"]["url"]
        yield {row["name"]: play(url, row, keys) for row in rows()}


def differing(row: Row, answers: Mapping[str, Answer]) -> list[str]:
    """Return the differences from the recording; none for a status that the app itself answers since then."""
    answer = answers[row["name"]]
    return [] if answer.status == SINCE.get(row["name"]) else differences(row, answer)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["name"][:60])
def test_a_request_is_answered_as_by_the_real_host(row: Row, answers: Mapping[str, Answer]) -> None:
    """Status, headers, and the body where the host makes it; what is left out differs indeed."""
    different = differing(row, answers)

    assert bool(different) == (row["name"] in LEFT_OUT), different


def test_nearly_all_of_them_agree(answers: Mapping[str, Answer]) -> None:
    """The share of the rows, whatever is left out."""
    agreeing = sum(not differing(row, answers) for row in rows())

    tell(f"the HTTP front: {agreeing} of {len(rows())} recorded requests agree")
    assert agreeing >= MIN_SHARE * len(rows())


def test_what_is_left_out_was_recorded() -> None:
    """A reason for a row that is not there is out of date."""
    assert set(LEFT_OUT) <= {row["name"] for row in rows()}
