"""SDKs in other languages: each a program of its own that makes one call for a line and answers with a line."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from packages.localcloud.tests.clients.resources import Resource
from packages.localcloud.tests.clients.served import INSTALLED, Served

_JAVASCRIPT = Path(__file__).with_name("javascript")
_GO = INSTALLED / "armcompute"


@dataclass(frozen=True)
class Program:
    """The start of an SDK; what has to be installed for it, and with what."""

    name: str
    command: tuple[str, ...]
    installed: Path
    tool: str

    def missing(self) -> str | None:
        """Tell what is missing where it cannot run."""
        if self.installed.exists() and shutil.which(self.command[0]):
            return None
        return f"needs the {self.name} SDK: make clients, where {self.tool} is"


def _javascript(version: int) -> Program:
    package = f"arm-compute-{version}"
    command = ("node", str(_JAVASCRIPT / "sdk.mjs"), package)
    installed = _JAVASCRIPT / "node_modules" / package
    return Program(f"javascript-{version}", command, installed, "Node.js")


PROGRAMS = (
    *(_javascript(version) for version in (25, 24, 23)),
    Program("go", (str(_GO),), _GO, "Go"),
)


class SdkError(Exception):
    """An error that the SDK raised; `status` is 0 where it names none."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code


class Sdk:
    """A started program."""

    def __init__(self, served: Served, program: subprocess.Popen[str]) -> None:
        assert program.stdin
        assert program.stdout
        self.served = served
        self._program = program
        self._in: IO[str] = program.stdin
        self._out: IO[str] = program.stdout
        self.version = str(self._answer()["sdk"])

    def _answer(self) -> Any:
        line = self._out.readline()
        assert line, f"the SDK's program ended: {self._program.wait()}"
        return json.loads(line)

    def _call(self, do: str, kind: str, names: tuple[str, ...], **more: Any) -> Any:
        self._in.write(json.dumps({"do": do, "kind": kind, "names": names} | more) + "\n")
        self._in.flush()
        answer = self._answer()
        if error := answer.get("error"):
            raise SdkError(error["status"], error["code"], error["message"])
        return answer["value"]

    def put(self, resource: Resource) -> Any:
        """Writes the resource and waits for the end; what the SDK gives then."""
        return flat(self._call("put", resource.kind, resource.names, body=resource.body))

    def get(self, resource: Resource, **more: str) -> Any:
        """Reads the resource; `expand` may be given."""
        return flat(self._call("get", resource.kind, resource.names, **more))

    def list(self, resource: Resource) -> list[Any]:
        """All of its kind beside it, from every page."""
        return [flat(one) for one in self._call("list", resource.kind, resource.names[:-1])]

    def delete(self, resource: Resource) -> None:
        """Deletes the resource and waits for the end."""
        self._call("delete", resource.kind, resource.names)


def flat(model: dict[str, Any]) -> dict[str, Any]:
    """The model with its properties beside its location, as JavaScript has them and Go has not."""
    rest = {name: value for name, value in model.items() if name != "properties"}
    return rest | (model.get("properties") or {})


@contextmanager
def started(program: Program, served: Served, home: Path) -> Iterator[Sdk]:
    """The program, until the block is left. Skips where it is not installed."""
    if missing := program.missing():
        pytest.skip(missing)
    with subprocess.Popen(
        program.command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=served.environment(home),
    ) as process:
        try:
            yield Sdk(served, process)
        finally:
            process.kill()
