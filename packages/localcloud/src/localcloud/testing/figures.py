"""Figures that tests measure and people want to read: told anywhere in a test or a fixture, printed at the end.

A line told in a worker process of pytest-xdist reaches the printing process with the report of the test it belongs to.
A conftest.py registers `Figures` once: `register(config)` in its `pytest_configure`.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest

_PROPERTY = "figure"
_told: list[str] = []


def tell(line: str) -> None:
    """Print this line when the run is over."""
    _told.append(line)


def register(config: pytest.Config) -> None:
    """Collect and print what is told; once in a run, however many ask for it."""
    if not config.pluginmanager.has_plugin(__name__):
        config.pluginmanager.register(Figures(), __name__)


class Figures:
    """The plugin of pytest that prints figures."""

    def __init__(self) -> None:
        self._printed: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A report carries what its phase told; that of a teardown also what fixtures told."""
        report = yield
        report.user_properties += [(_PROPERTY, line) for line in _told]
        _told.clear()
        return report

    # Last, or pytest-xdist would send its process that prints a report from which they were taken.
    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the figures in the process that prints."""
        self._printed += [str(text) for name, text in report.user_properties if name == _PROPERTY]
        report.user_properties = [(n, text) for n, text in report.user_properties if n != _PROPERTY]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """One section with all of them."""
        if self._printed:
            terminalreporter.section("figures")
        for line in self._printed:
            terminalreporter.write_line(line)
