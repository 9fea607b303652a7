"""Citations lead somewhere: a document that is named, in code or in another document, is in the repository.

1. Code is read by its comments and docstrings, everything else that is text as it stands.
2. A name that ends in `.md` is a file beside the one that names it or at the root; what follows it as `#anchor`, or as
   `, "Title"`, is one of its headings.
3. A path that begins with `../shared` lies outside. It may be named where something opens it: by tests, by what runs
   them and by documents, and only below the folders that are opened. Nothing that is deployed or installed may.
"""

import ast
import io
import os
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = {".venv", ".audit", ".clients", "node_modules", ".git", ".localcloud", ".hypothesis"}
TEXTS = {".py", ".md", ".toml", ".txt", ".yml", ".yaml", ".ini"}
NAMED = {"Makefile", ".ci/run", ".funcignore", "packages/localcloud/tests/host/worker_deaths.json"}
URL = re.compile(r"https?://\S+")
DOCUMENT = re.compile(r'(?<![\w/.*])((?:[\w.-]+/)*[\w-]+\.md)\b(?:#([\w-]+))?(?:\)?,\s+"([^"]+)")?')
OUTSIDE = re.compile(r"\.\./shared(?:/([\w-]+))?")
IN_CODE = re.compile(r'(?:"shared"|SHARED) / "([\w-]+)"')
IN_SCRIPTS = re.compile(r"\.\./shared/([\w-]+)")
MAY_NAME_OUTSIDE = (
    *("tests/", "packages/localcloud/tests/", ".ci/", "Makefile"),
    *("docs/", "CONTRIBUTING.md", "packages/localcloud/README.md"),
)


def _files() -> Iterator[Path]:
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(set(folders) - SKIPPED)
        for path in (Path(folder, name) for name in sorted(names)):
            if path.suffix in TEXTS or path.relative_to(ROOT).as_posix() in NAMED:
                yield path


FILES = list(_files())


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _prose(path: Path) -> str:
    """Return what a file says in words: all of a text, the comments and strings on their own of a module."""
    text = path.read_text()
    if path.suffix != ".py":
        return text
    reader = io.StringIO(text).readline
    comments = [t.string for t in tokenize.generate_tokens(reader) if t.type == tokenize.COMMENT]
    statements = [n.value for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Expr)]
    strings = [n.value for n in statements if isinstance(n, ast.Constant)]
    return "\n".join([*comments, *(s for s in strings if isinstance(s, str))])


def _slug(title: str) -> str:
    """Return the anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@cache
def _titles(document: Path) -> frozenset[str]:
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    return frozenset(re.findall(r"^#+ (.+)$", text, re.MULTILINE))


def _citations(text: str) -> Iterator[tuple[str, str, str]]:
    for match in DOCUMENT.finditer(URL.sub("", text)):
        yield match[1], match[2] or "", re.sub(r"\s+", " ", match[3] or "")


def _problem(beside: Path, document: str, anchor: str, title: str) -> str | None:
    """Return what is wrong with one citation, or None."""
    places = [place for place in (beside / document, ROOT / document) if place.is_file()]
    if not places or not places[0].resolve().is_relative_to(ROOT):
        return f"{document} is not in the repository"
    titles = _titles(places[0].resolve())
    if anchor and anchor not in map(_slug, titles):
        return f"{document} has no heading for #{anchor}"
    if title and title not in titles:
        return f"{document} has no heading {title!r}"
    return None


def _problems(text: str, beside: Path) -> list[str]:
    return [problem for c in _citations(text) if (problem := _problem(beside, *c))]


def _opened() -> set[str]:
    """Return the folders of ../shared that tests open or scripts run."""
    code = {name for p in FILES if p.suffix == ".py" for name in IN_CODE.findall(p.read_text())}
    scripts = [ROOT / "Makefile", ROOT / ".ci" / "run"]
    return code | {name for p in scripts for name in IN_SCRIPTS.findall(p.read_text())}


def test_a_document_that_is_named_is_there() -> None:
    """With the heading that is named; a fact about Azure has its place in docs/platform-notes.md."""
    problems_of = {_name(path): _problems(_prose(path), path.parent) for path in FILES}

    assert len(problems_of) > 300
    assert {name: problems for name, problems in problems_of.items() if problems} == {}


def test_what_lies_outside_is_named_only_where_it_is_opened() -> None:
    """A reader of the repository alone is sent nowhere."""
    opened = _opened()
    outside = {_name(path): OUTSIDE.findall(_prose(path)) for path in FILES}
    mentions = [(name, folder) for name, folders in outside.items() for folder in folders]

    lost = [
        (name, folder)
        for name, folder in mentions
        if not name.startswith(MAY_NAME_OUTSIDE) or (folder and folder not in opened)
    ]

    assert {"durable", "functions", "arm", "tools"} <= opened
    assert lost == []


def test_every_note_on_the_platform_is_cited() -> None:
    """Every note is relied on somewhere; a chapter is cited by its parts."""
    notes = ROOT / "docs" / "platform-notes.md"
    titles = re.findall(r"^### (.+)$", notes.read_text(), re.MULTILINE)
    prose = "\n".join(_prose(path) for path in FILES if path != notes)

    uncited = [t for t in titles if not re.search(rf"#{re.escape(_slug(t))}(?![\w-])", prose)]

    assert len(titles) > 20
    assert uncited == []


@pytest.mark.parametrize(
    "text",
    [
        "as " + "durable" + ".md B1.2 has it",
        "see docs/platform-notes.md" + "#no-such-heading",
        "see docs/operations.md" + ', "No such heading"',
        "see [there](docs/" + "elsewhere.md)",
        "see ../shared/" + "reference/arm.md",
    ],
)
def test_a_citation_that_leads_nowhere_is_found(text: str) -> None:
    """The check can fail."""
    assert len(_problems(text, ROOT)) == 1


def test_a_citation_that_leads_somewhere_is_none() -> None:
    """Files beside, files at the root, anchors, titles; addresses are not looked at."""
    text = 'operations.md docs/http.md#event-grid https://example.org/no.md README.md, "What it promises"'

    assert len(list(_citations(text))) == 3
    assert _problems(text, ROOT / "docs") == []
