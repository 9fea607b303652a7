"""The trial of a mutant: the tests of its folder are run on it, in a process of its own.

This process has imported all that tests need but the code under test; each trial is a fork of it, in which the mutated
module is imported in place of the one on disk. No file is written, and no trial knows of another.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import CodeType, ModuleType
from typing import NamedTuple

import hypothesis
import pytest

WARM = ("hypothesis.strategies", "pydantic.main", "localcloud.testing.figures")
OPTIONS = ("-x", "-p", "no:cacheprovider", "-o", "timeout=0", "--assert=plain")
PASSED = {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
# A module that cannot be imported any more interrupts the collection.
FAILED = {pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED}


class BrokenTrialError(Exception):
    """pytest itself failed, so the trial says nothing."""


class Trial(NamedTuple):
    """Code that stands for a module, and the tests to run on it, the likeliest to fail first.

    What needs more than `cpu_seconds` is said to go on for ever.
    """

    module: str
    code: CodeType
    tests: tuple[Path, ...]
    cpu_seconds: int


class _Instead(MetaPathFinder, Loader):
    """Imports a module from code that is no file's."""

    def __init__(self, module: str, code: CodeType) -> None:
        self.module, self.code = module, code

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return spec_from_loader(fullname, self) if fullname == self.module else None

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)


def warm_up() -> None:
    """Imports what every trial needs, and sets hypothesis to the same examples each time."""
    for name in WARM:
        import_module(name)
    hypothesis.settings.register_profile(
        "mutation",
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        # That a test fails is enough; the shortest example of it is not looked for.
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
    )
    hypothesis.settings.load_profile("mutation")


def survivals(trials: Iterable[Trial], processes: int) -> Iterator[tuple[Trial, bool]]:
    """Yield each trial, and True if every test passed; in the order in which they end.

    Raises BrokenTrialError when pytest came to no result.
    """
    running: dict[int, Trial] = {}
    for trial in trials:
        if len(running) == processes:
            yield _ended(running)
        running[_begun(trial)] = trial
    while running:
        yield _ended(running)


def _begun(trial: Trial) -> int:
    pid = os.fork()
    if pid == 0:
        status: int = pytest.ExitCode.INTERNAL_ERROR
        try:
            status = _run(trial)
        finally:
            os._exit(status)
    return pid


def _run(trial: Trial) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (trial.cpu_seconds, 2 * trial.cpu_seconds))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    sys.meta_path.insert(0, _Instead(trial.module, trial.code))
    status: int = pytest.ExitCode.NO_TESTS_COLLECTED
    for tests in (trial.tests[:1], trial.tests[1:]):
        if tests and status in PASSED:
            status = pytest.main([*OPTIONS, *map(str, tests)])
    return status


def _ended(running: dict[int, Trial]) -> tuple[Trial, bool]:
    pid, status = os.wait()
    trial, ended = running.pop(pid), os.waitstatus_to_exitcode(status)
    if ended in {*FAILED, -signal.SIGXCPU}:
        return trial, False
    if ended in PASSED:
        return trial, True
    raise BrokenTrialError(f"pytest ended with {ended} on a mutant of {trial.module}")
