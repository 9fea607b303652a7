"""Everything that the documents name is there (commands, routes, settings, files, functions, fields), or is foreign."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documents import commands, finding
from tests.documents.foreign import FAMILIES, FOREIGN, TOOLS
from tests.documents.project import files
from tests.documents.reading import DOCUMENTS, ROOT, Block, blocks, lines, spans

README = ROOT / "README.md"
if not (ROOT / ".git").exists():
    pytest.skip("no git repository here", allow_module_level=True)


def problems_in(text: str, document: Path = README) -> Iterator[str]:
    """Yield all that a document names and the project has not."""
    for span in spans(text):
        yield from finding.problems_of(span, document)
    for block in blocks(text):
        yield from finding.problems_of_block(block, document)


# Documents that name little; the others would not be read if they named less than 20 things.
SHORT = {"SECURITY.md": 5}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_names_is_there(document: Path) -> None:
    """Everything in backticks, and every command, route and field in a block."""
    text = document.read_text()
    assert len(spans(text)) > SHORT.get(document.name, 20)
    assert list(problems_in(text, document)) == []


def test_every_document_is_read() -> None:
    """Those of the app and that of the local cloud."""
    told = {
        name for name in files() if re.fullmatch(r"(docs/)?[\w-]+\.md|packages/.*README\.md", name)
    }
    read = {str(path.relative_to(ROOT)) for path in DOCUMENTS}
    # What the changelog names may be gone since.
    assert told - read == {"CHANGELOG.md"}


BAD = {
    "a test": (
        "`tests/threats/test_log.py::test_23_nothing`",
        "there is no test tests/threats/test_log.py::test_23_nothing",
    ),
    "a target": ("`make tests`", "the Makefile has no target tests"),
    "one target of several": ("`make check tets`", "the Makefile has no target tets"),
    "a variable of a target": ("`make soak HOTS=func`", "make soak takes no HOTS"),
    "a variable of another target": ("`make demo KILLS=1`", "make demo takes no KILLS"),
    "a module": ("`python -m dmeo`", "there is no module dmeo"),
    "a module of the tests": (
        "`.venv/bin/python -m tests.crash.soke`",
        "no module tests.crash.soke",
    ),
    "a subcommand": ("`python -m demo aprove ID`", "demo has no command aprove"),
    "one subcommand of several": ("`python -m localcloud clock|time`", "has no command time"),
    "an option of a subcommand": ("`python -m demo up --prot 1`", "demo up takes no --prot"),
    "an option that may be left out": (
        "`localcloud run APP_DIR [--spede N]`",
        "localcloud run takes no --spede",
    ),
    "an option of a script": (
        "`python -m tests.conformance.run --hots func`",
        "tests.conformance.run takes no --hots",
    ),
    "an option of a test run": ("`python -m pytest --hots func`", "pytest takes no --hots"),
    "a file of a test run": ("`python -m pytest tests/nothing.py`", "no file tests/nothing.py"),
    "a file of a tool": ("`pip install -r requirement.txt`", "there is no file requirement.txt"),
    "a variable before a command": ("`GALLERY_MIGRATOR_E3E=1 make e2e`", "nothing reads GALLERY_"),
    "an option alone": ("`--verbos`", "nothing takes --verbos"),
    "a route": ("`GET /api/migration`", "there is no route GET /api/migration"),
    "a route's method": ("`DELETE /api/migrations/{id}`", "no route DELETE /api/migrations/{id}"),
    "a route's parameter": ("`GET /api/migrations?otcome=failed`", "otcome of GET"),
    "a control route": ("`POST /clocks`", "there is no route POST /clocks"),
    "a control route's field": ('`POST /clock {"advnace": "P1D"}`', "advnace of POST /clock"),
    "a setting": ("`NOTIFICATION_URI`", "NOTIFICATION_URI is unknown"),
    "a setting with a value": ("`RECORD_STORE=sqlite`", "RECORD_STORE"),
    "a file": ("`domain/migration/version.py`", "there is no file domain/migration/version.py"),
    "a file by its name": ("`fork_sever.py`", "there is no file fork_sever.py"),
    "a folder": ("`orchestrator/`", "there is no file orchestrator/"),
    "a pattern of files": ("`requirement-*.txt`", "there is no file requirement-*.txt"),
    "a file in the state folder": ("`$STATE/connections.json`", "no file $STATE/connections.json"),
    "a function": ("`fingerprint_off`", "fingerprint_off is unknown"),
    "a class": ("`MigrationRecord`", "MigrationRecord is unknown"),
    "a function with arguments": ("`ArmCloud(state, nwo=...)`", "nwo of ArmCloud"),
    "a module by its dots": ("`localcloud.arm.servers`", "localcloud.arm.servers is unknown"),
    "a field": ("`targetRegions[].replicas_count`", "is unknown"),
    "a field of JSON": ('`{"verion": "1.0.0"}`', "verion of"),
    "a header": ("`webhook-ids: 7`", "webhook-ids: 7 is unknown"),
    "a command of nobody": ("`terraform apply`", "terraform apply is unknown"),
    "a line of a block": ("```sh\nmake tests\n```\n", "no target tests"),
    "a command within another": ("```sh\nA=$(python -m dmeo env | head)\n```\n", "no module dmeo"),
    "a route of a block": (
        '```sh\ncurl -X POST "$APP_URL/api/migrations/$ID/cansel"\n```\n',
        "no route POST /api/migrations/{id}/cansel",
    ),
    "a tool of a block": ("```console\n$ terraform apply\n```\n", "nobody knows the command terra"),
    "a key of a block": ('```json\n{"sourceImage": "x"}\n```\n', "sourceImage is no field"),
    "a route of a picture": (
        "```mermaid\na[POST /api/migration, or]\n```\n",
        "POST /api/migration",
    ),
}


@pytest.mark.parametrize(("text", "words"), BAD.values(), ids=BAD)
def test_what_is_not_there_is_told(text: str, words: str) -> None:
    """The check can fail, in each of its parts."""
    [problem] = problems_in(text)
    assert words in problem


def test_every_foreign_name_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list is no longer than it must be: without it, each of its names is missed somewhere."""
    told = {path: path.read_text() for path in DOCUMENTS}
    inside = [span for text in told.values() for span in spans(text)]
    for module in (finding, commands):
        monkeypatch.setattr(module, "FOREIGN", {})
        monkeypatch.setattr(module, "TOOLS", {})
    missed = "\n".join(p for path, text in told.items() for p in problems_in(text, path))

    assert sorted(name for name in FOREIGN if name not in missed) == []
    assert [
        name for name in TOOLS if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", missed)
    ] == []
    assert [f.pattern for f in FAMILIES if not any(map(f.fullmatch, inside))] == []


def test_the_names_in_a_document_are_those_outside_its_blocks() -> None:
    """Each once; over a line's end, and with a table's escapes taken off."""
    text = "`a`, `b\nc`, `x\\|y` and `a`\n```sh\n`d`\n```\n`e`"
    assert spans(text) == ["a", "b c", "x|y", "e"]
    assert blocks(text) == [Block("sh", "`d`\n")]


def test_a_shell_block_is_read_by_its_commands() -> None:
    """Continued lines and texts over several lines are one."""
    script = (
        '$ make up  # in the foreground\n# nothing\ncurl \\\n  -d \'{\n  "a": 1}\' x\n\nA="#1"\n'
    )
    assert list(lines(script)) == ["make up", "curl    -d '{   \"a\": 1}' x", 'A="#1"']
