"""The option for the scenarios' host; and the figures that tests tell (`figures.py`), whichever process they ran in."""

from collections.abc import Generator

import pytest

from tests import figures

_PROPERTY = "figure"
_printed: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--host func` runs the scenarios on func."""
    parser.addoption(
        "--host",
        choices=("embedded", "func"),
        default="embedded",
        help="what the scenarios run on: the embedded local cloud, or func on Azurite",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A report carries what its phase told; that of a teardown also what fixtures told."""
    report = yield
    report.user_properties += [(_PROPERTY, line) for line in figures.told()]
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect the figures in the process that prints."""
    _printed.extend(str(text) for name, text in report.user_properties if name == _PROPERTY)
    report.user_properties = [(n, text) for n, text in report.user_properties if n != _PROPERTY]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One section with all of them."""
    if _printed:
        terminalreporter.section("figures")
    for line in _printed:
        terminalreporter.write_line(line)
