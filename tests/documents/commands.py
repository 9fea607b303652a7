"""Commands of the documents: targets, modules, subcommands, options, variables and files that they name are there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Protocol

import typer.main

from demo.__main__ import cli as demo
from localcloud.cli.main import cli as localcloud
from tests.documents.foreign import FOREIGN, TOOLS
from tests.documents.project import (
    files,
    module_file,
    settings,
    targets,
    texts_of,
    variables,
)

PYTHONS = {"python", "python3", ".venv/bin/python"}
# What pytest takes here beyond its own options; a test of somebody else's tool would not be ours.
PYTEST_OPTIONS = "tests.conftest"
_ASSIGNMENT = re.compile(r"([A-Z_][A-Z0-9_]*)=(.*)")
_FILE = re.compile(r"[\w./*-]+\.(?:py|txt|lock|json|toml|md)|(?:[\w.-]+/)+[\w.-]*")


def is_command(text: str) -> bool:
    """True if a text begins with something that can be run, after the variables that are set for it."""
    words = _words(text)
    first = next((word for word in words if not _ASSIGNMENT.fullmatch(word)), "")
    ours = {"make", "localcloud", *PYTHONS}
    return first in ours or first in TOOLS or (first in files() and "." not in first[1:])


def problems_of(text: str) -> Iterator[str]:
    """Yield everything in a command that the project has not."""
    words = [word for word in _words(text) if word != "export"]
    while words and (found := _ASSIGNMENT.fullmatch(words[0])):
        if not _is_variable(found[1]):
            yield f"nothing reads {found[1]}"
        words = words[1:]
    match words:
        case ["make", *rest]:
            yield from _of_make(rest)
        case [python, "-m", module, *rest] if python in PYTHONS:
            yield from _of_module(module, rest)
        case ["localcloud", *rest]:
            yield from _of_module("localcloud", rest)
        case [tool, *rest] if tool in TOOLS:
            yield from _of_files(rest)


def _words(text: str) -> list[str]:
    """The words, without the brackets of what may be left out."""
    try:
        return shlex.split(re.sub(r"\[(--[^\]]+)\]", r"\1", text))
    except ValueError:
        return text.split()


def _is_variable(name: str) -> bool:
    return name in settings() | variables() or name in FOREIGN


def _of_make(words: list[str]) -> Iterator[str]:
    named = [word for word in words if not _ASSIGNMENT.fullmatch(word)]
    for target in named:
        if target not in targets():
            yield f"the Makefile has no target {target}"
    recipes = " ".join(targets().get(target, "") for target in named)
    for word in words:
        found = _ASSIGNMENT.fullmatch(word)
        if found and not re.search(rf"\$\((?:or \$\(|if \$\()?{found[1]}\b", recipes):
            yield f"make {' '.join(named)} takes no {found[1]}"


class Parameter(Protocol):
    """A parameter of a command, as far as its spelling goes."""

    @property
    def opts(self) -> list[str]: ...


class CommandLine(Protocol):
    """A command that typer has made; a group of them has `commands`."""

    @property
    def params(self) -> Sequence[Parameter]: ...


@cache
def _command_lines() -> dict[str, CommandLine]:
    """Those that typer makes, which cannot be read from the source."""
    known = {"demo": demo, "localcloud": localcloud}
    return {name: typer.main.get_command(cli) for name, cli in known.items()}


def _of_module(module: str, words: list[str]) -> Iterator[str]:
    if module in _command_lines():
        yield from _of_command_line(module, _command_lines()[module], words)
        return
    if module not in TOOLS and module_file(module) is None:
        yield f"there is no module {module}"
        return
    if module == "pytest":
        yield from _of_files(words)
    known = texts_of(PYTEST_OPTIONS if module == "pytest" else module)
    for word in words:
        if word.startswith("--") and word.partition("=")[0] not in known:
            yield f"{module} takes no {word}"


def _of_command_line(name: str, command: CommandLine, words: list[str]) -> Iterator[str]:
    commands: dict[str, CommandLine] = getattr(command, "commands", {})
    if commands and words and not words[0].startswith("-"):
        for inner in words[0].split("|"):
            if inner not in commands:
                yield f"{name} has no command {inner}"
            else:
                yield from _of_command_line(f"{name} {inner}", commands[inner], words[1:])
        return
    options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    for word in words:
        if word.startswith("-") and word.partition("=")[0] not in options:
            yield f"{name} takes no {word}"


def _of_files(words: list[str]) -> Iterator[str]:
    for word in words:
        name = word.removeprefix("@")
        if not _FILE.fullmatch(name) or name.startswith("/") or name in FOREIGN:
            continue
        if name.rstrip("/") not in files() and f"{name.rstrip('/')}/" not in files():
            yield f"there is no file {name}"
