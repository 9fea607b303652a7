"""The contents of the project, by name: files, modules, definitions, texts, settings, routes, targets."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from domain.settings import Settings
from tests.documents.reading import ROOT

SOURCES = (ROOT, ROOT / "packages" / "localcloud" / "src")
# What stands in these is a name too; docs/ and tests prove nothing.
DATA = ("host.json", "local.settings.example.json", "package.json")


@cache
def files() -> frozenset[str]:
    """Every file in git, and each folder with a slash at its end; raises CalledProcessError without git."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    paths = [Path(name) for name in listed.stdout.split("\0") if name]
    folders = {f"{folder}/" for path in paths for folder in path.parents if folder != Path()}
    return frozenset(map(str, paths)) | folders


class Names(NamedTuple):
    """The names in one Python file: what it defines, its texts that stand on their own, what it imports."""

    defined: frozenset[str]
    texts: frozenset[str]
    imported: frozenset[str]
    routes: frozenset[tuple[str, str]]


@cache
def _names() -> dict[str, Names]:
    # Not what stands here: the names of others, and wrong ones.
    own = str(Path(__file__).parent.relative_to(ROOT))
    python = sorted(n for n in files() if n.endswith(".py") and not n.startswith(own))
    return {name: _names_in((ROOT / name).read_text()) for name in python if (ROOT / name).exists()}


def _names_in(source: str) -> Names:
    nodes = list(ast.walk(ast.parse(source)))
    return Names(
        defined=frozenset(name for node in nodes for name in _defined_by(node)),
        texts=frozenset(
            node.value
            for node in nodes
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ),
        imported=frozenset(name for node in nodes for name in _imported_by(node)),
        routes=frozenset(route for node in nodes for route in _routes_of(node)),
    )


def _defined_by(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.arg(arg=name):
            yield name
        case ast.Attribute(attr=name, ctx=ast.Store()) | ast.Name(id=name, ctx=ast.Store()):
            yield name


def _imported_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        inside = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names:
            parts = f"{inside}{alias.name}".split(".")
            yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _routes_of(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the routes of the app, and of the control API."""
    match node:
        case ast.Call(
            func=ast.Attribute(attr="route"),
            args=[ast.Constant(value=str(path))],
            keywords=[ast.keyword(arg="methods", value=methods)],
        ):
            yield from ((method, f"/api/{path}") for method in ast.literal_eval(methods))
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="web"), attr="get" | "post" | "delete" as method),
            args=[ast.Constant(value=str(path)), *_],
        ):
            yield method.upper(), path


def _is_test(name: str) -> bool:
    return name.startswith("tests/") or "/tests/" in name


@cache
def defined() -> frozenset[str]:
    """The name of every function, class, parameter, field and variable, tests included, and of every module."""
    modules = {part for path in _names() for part in Path(path).with_suffix("").parts}
    return frozenset(modules).union(*(names.defined for names in _names().values()))


def defined_in(path: str) -> frozenset[str]:
    """The names that one file defines."""
    return _names()[path].defined


@cache
def imported() -> frozenset[str]:
    """Each module and name that something imports, and each package on the way to it."""
    return frozenset[str]().union(*(names.imported for names in _names().values()))


@cache
def written() -> frozenset[str]:
    """Every text that stands on its own in code that is no test, or in the data: keys, values, names of headers."""
    texts = [names.texts for path, names in _names().items() if not _is_test(path)]
    roles = [name for name in files() if re.fullmatch(r"infra/.*\.json", name)]
    data = [json.loads((ROOT / name).read_text()) for name in (*DATA, *roles)]
    leaves = (text for value in data for text in _leaves(value))
    return frozenset(leaves).union(_in_templates(), *texts)


def _in_templates() -> Iterator[str]:
    """Yield the parameters and texts of the Bicep templates, and the variables that azd and its hooks know."""
    for name in files():
        text = (ROOT / name).read_text() if re.fullmatch(r"infra/.*\.(bicep|sh|json)", name) else ""
        if name.endswith(".bicep"):
            yield from re.findall(r"^(?:param|output) (\w+)", text, re.MULTILINE)
            yield from re.findall(r"'([^'$\n]+)'", text)
        yield from re.findall(r"^make_key ([a-z-]+)", text, re.MULTILINE)
        yield from re.findall(r"\$\{?([A-Z][A-Z_]+)", text)


@cache
def variables() -> frozenset[str]:
    """Every variable of the environment that the code or a test may look for, and those of the Makefile."""
    texts = frozenset[str]().union(*(names.texts for names in _names().values()))
    made = re.findall(r"\$\((?:or \$\(|if \$\()?([A-Z_]+)", (ROOT / "Makefile").read_text())
    return frozenset({text for text in texts if re.fullmatch(r"[A-Z][A-Z0-9_]+", text)} | {*made})


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from (key, *_leaves(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield str(value)


@cache
def wire_names() -> frozenset[str]:
    """The fields as JSON spells them: `version_ready` is `versionReady` there."""
    return frozenset(re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), n) for n in defined())


@cache
def settings() -> frozenset[str]:
    """The app's settings, by their variables."""
    return frozenset(map(str.upper, Settings.model_fields))


@cache
def requirements() -> frozenset[str]:
    """Every package that is installed for the app, the local cloud or the development."""
    pinned = "\n".join(path.read_text() for path in sorted(ROOT.glob("requirements*.txt")))
    node = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    build = tomllib.loads((ROOT / "packages/localcloud/pyproject.toml").read_text())["build-system"]
    names = re.findall(
        r"^([A-Za-z0-9_.-]+)==", "\n".join([pinned, *build["requires"]]), re.MULTILINE
    )
    return frozenset({*names, *node})


@cache
def routes() -> frozenset[tuple[str, str]]:
    """Method and path of each route: of the app, and of the local cloud's control API."""
    parts = [names.routes for path, names in _names().items() if not _is_test(path)]
    return frozenset[tuple[str, str]]().union(*parts)


@cache
def targets() -> dict[str, str]:
    """The Makefile's targets, each with its recipe and the variables that are defined for it."""
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    variables = dict(re.findall(r"^(\w+) *[?:]?= *(.*)$", makefile, re.MULTILINE))
    rules = re.findall(r"^([a-z0-9-]+):.*\n((?:\t.*\n)*)", makefile, re.MULTILINE)
    return {name: _expanded(recipe, variables) for name, recipe in rules}


def _expanded(recipe: str, variables: dict[str, str]) -> str:
    used = re.findall(r"\$\((\w+)\)", recipe)
    return recipe + " ".join(variables.get(name, "") for name in used)


def texts_of(module: str) -> frozenset[str]:
    """Every text that a module of the project has, `--option` of its command line among them."""
    path = module_file(module)
    return _names()[path].texts if path else frozenset()


def module_file(dotted: str) -> str | None:
    """The file of a module that can be run or imported, or None if the project has none of that name."""
    inner = dotted.replace(".", "/")
    for base in SOURCES:
        for name in (f"{inner}.py", f"{inner}/__main__.py", f"{inner}/__init__.py"):
            relative = str((base / name).relative_to(ROOT))
            if relative in files():
                return relative
    return None
