"""One text in backticks, found in the project: as a command, a route, a file, a name, or a shape made of names."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterator
from fnmatch import filter as matching
from pathlib import Path

from tests.documents import commands
from tests.documents.foreign import FAMILIES, FOREIGN, TOOLS
from tests.documents.project import (
    defined,
    defined_in,
    files,
    imported,
    module_file,
    requirements,
    routes,
    settings,
    variables,
    wire_names,
    written,
)
from tests.documents.reading import ROOT, Block, lines

OURS = ("localcloud", "demo", "tools", "tests", "benchmarks")
CLOUD = "packages/localcloud/src/localcloud"
FOLDERS = ("", f"{CLOUD}/", f"{CLOUD}/arm/")
_ROUTE = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/[^\s?,\"]*)(.*)")
_KEY = re.compile(r"\"(\w+)\": |[?&](\w+)=")
_PATH = re.compile(
    r"[\w.*-]*(?:/[\w.*-]+)*(?:/|\.(?:py|md|txt|lock|json|toml|sqlite|jsonl|pid|cjs|bicep|sh|yml))"
)
_VALUE = re.compile(r"[^A-Za-z_]*[A-Za-z]?[^A-Za-z_]*|-?P(?:\d+D)?(?:T(?:\d+[HMS])+)?")
_WORD = re.compile(r"[A-Za-z_][\w-]*")
_SHAPE = re.compile(r"[\[\]{}()<>=?&\"]")
# In a shape: the value behind a key, what is to be filled in, an id of Azure.
_FILLED = re.compile(r"(?<=: )\"[^\"]*\"|<[^>]*>|Microsoft\.\w+|'\w+'|\w*…")
# What Python has anyway.
_PYTHON = frozenset({*dir(builtins), *keyword.kwlist})


def problems_of(span: str, document: Path) -> list[str]:
    """Everything in a text in backticks that the project has not; what is somebody else's has its place in
    foreign.py."""
    if span in FOREIGN or any(family.fullmatch(span) for family in FAMILIES) or _known(span):
        return []
    if found := _ROUTE.fullmatch(span):
        return list(_of_route(found[1], found[2], found[3]))
    if commands.is_command(span):
        return list(commands.problems_of(span))
    if _PATH.fullmatch(span.removeprefix("$STATE/")) or f"{span}/" in files():
        return [] if _is_file(span, document) else [f"there is no file {span}"]
    file, test, name = span.partition("::")
    if test:
        there = file in files() and name in defined_in(file)
        return [] if there else [f"there is no test {span}"]
    if _VALUE.fullmatch(span):
        return []
    if re.fullmatch(r"…?(?:/\w+)+", span):
        return [f"{part} of {span} is unknown" for part in _WORD.findall(span) if not _known(part)]
    if span.startswith("--"):
        return [] if _known(span.split()[0]) else [f"nothing takes {span}"]
    if _SHAPE.search(span):
        words = _WORD.findall(_FILLED.sub("", span))
        return [f"{word} of {span} is unknown" for word in words if not _known(word)]
    head, colon, _ = span.partition(": ")
    return [] if colon and _known(head) else [f"{span} is unknown"]


def problems_of_block(block: Block, document: Path) -> list[str]:
    """Everything in a fenced block that the project has not."""
    match block.language:
        case "sh" | "console":
            return [problem for line in lines(block.text) for problem in _of_line(line)]
        case "json":
            keys = re.findall(r'"(\w+)":', block.text)
            return [f"{key} is no field" for key in keys if not _known(key)]
    return [p for found in _ROUTE.finditer(block.text) for p in _of_route(found[1], found[2], "")]


def _known(name: str) -> bool:
    """By the name, or by its parts: `sweep.lastRun`, `targetRegions[].name`, `whsec_…`."""
    if name in written():
        return True
    name = name.removesuffix("…").removeprefix("$").removesuffix("=")
    if name in FOREIGN or name in TOOLS or name in _PYTHON:
        return True
    if name.startswith(tuple(f"{top}." for top in OURS)) and not name.endswith(".py"):
        return _is_in_module(name)
    names = (defined(), written(), wire_names(), settings(), requirements(), imported())
    if any(name in known for known in names) or name in variables():
        return bool(name)
    head, dot, rest = re.sub(r"\[\d*\]", "", name).partition(".")
    return bool(dot and rest) and (not head or _known(head)) and _known(rest)


def _is_in_module(dotted: str) -> bool:
    """A module, a folder of modules, or what is defined in one."""
    module, _, name = dotted.rpartition(".")
    folder = f"{CLOUD}/" + "/".join(dotted.split(".")[1:]) + "/"
    if module_file(dotted) or folder in files():
        return True
    path = module_file(module)
    return path is not None and name in defined_in(path)


def _is_file(span: str, document: Path) -> bool:
    """In git, beside the document, in the local cloud, or of that name anywhere; or a file that the code writes."""
    name = span.removeprefix("$STATE/").removeprefix(".localcloud/")
    beside = document.parent.relative_to(ROOT) / name
    places = {f"{folder}{name}" for folder in FOLDERS} | {str(beside)}
    if "*" in name:
        return bool(matching(files(), name))
    if places & files() or f"{name}/" in files() or name in written():
        return True
    return "/" not in name and any(path.endswith(f"/{name}") for path in files())


def _of_route(method: str, path: str, rest: str) -> Iterator[str]:
    if (method, path) not in routes():
        yield f"there is no route {method} {path}"
    for key in (found[1] or found[2] for found in _KEY.finditer(rest)):
        if not _known(key):
            yield f"{key} of {method} {path} is unknown"


def _of_line(line: str) -> Iterator[str]:
    """The commands of a line, those within it, and the routes that it asks."""
    inner = re.findall(r"\$\(([^()]*)\)", line)
    for text in (re.sub(r"\$\([^()]*\)", "X", line), *inner):
        for part in re.split(r" (?:\||&&) ", text):
            yield from _of_command(part.strip().removesuffix(" &"))
    method = re.search(r"-X (\w+)", line)
    asked = method[1] if method else "POST" if " -d " in line else "GET"
    for path in re.findall(r"\$(?:APP_URL|CONTROL)(/[^\s\"'?]*)", line):
        yield from _of_route(asked, path.replace("$ID", "{id}"), "")


def _of_command(text: str) -> Iterator[str]:
    if commands.is_command(text):
        yield from commands.problems_of(text)
    elif not re.fullmatch(r"(?:eval |[A-Z]+=).*", text):
        yield f"nobody knows the command {text}"
