"""The installed packages: pins, locks with hashes, and the Pythons for which all of them say the same."""

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
SUPPORTED = SpecifierSet(PROJECT["project"]["requires-python"])
KNOWN = [f"3.{minor}" for minor in range(8, 20)]
PYTHONS = [python for python in KNOWN if f"{python}.0" in SUPPORTED]
LISTS = ["requirements.txt", "requirements-local.txt", "requirements-dev.txt"]
LOCKS = ["requirements.lock", "requirements-local.lock", "requirements-dev.lock"]
CLIENTS = [f"packages/localcloud/tests/clients/requirements-{name}" for name in ("az", "ansible")]
ALONE = [*CLIENTS, "requirements-audit"]
ALONE_LOCKS = [f"{name}.lock" for name in ALONE]
SYSTEMS = ["linux", "darwin", "win32"]


def entries(name: str) -> Iterator[tuple[Requirement, list[str]]]:
    """The requirements of a file, each with its hashes; files that it includes are not followed."""
    text = re.sub(r"(?m)^#.*$", "", (ROOT / name).read_text().replace("\\\n", ""))
    for line in text.splitlines():
        if line and not line.startswith("-r "):
            requirement, *hashes = line.split("--hash=")
            yield Requirement(requirement), [each.strip() for each in hashes]


def pins(name: str, python: str, system: str = "linux") -> dict[str, str]:
    """Package to version, as that Python on that system gets them; nothing but exact pins is allowed."""
    where = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": system}
    pinned: dict[str, str] = {}
    for requirement, _ in entries(name):
        if requirement.marker is None or requirement.marker.evaluate(where):
            (exact,) = requirement.specifier
            assert exact.operator == "==", requirement
            assert canonicalize_name(requirement.name) not in pinned, requirement
            pinned[canonicalize_name(requirement.name)] = exact.version
    return pinned


def needed(roots: list[Requirement]) -> dict[str, str]:
    """Everything that these pull in here, themselves included, at the versions that are installed."""
    waiting, seen = list(roots), set[tuple[str, str]]()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        for extra in ("", *requirement.extras):
            if (name, extra) not in seen:
                seen.add((name, extra))
                waiting += [r for r in map(Requirement, requires(name) or ()) if _here(r, extra)]
    return {name: version(name) for name, _ in seen}


def _here(requirement: Requirement, extra: str = "") -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_holds_what_is_deployed(python: str, system: str) -> None:
    """Azure's remote build installs requirements.txt, everybody else the lock: they are one set."""
    assert pins("requirements.lock", python, system) == pins("requirements.txt", python, system)


@pytest.mark.parametrize("python", PYTHONS)
def test_the_other_locks_hold_what_their_lists_ask_for(python: str) -> None:
    """At the same versions, and no package is in two locks."""
    asked = [pins(name, python) for name in LISTS]
    locked = [pins(name, python) for name in LOCKS]
    everything = [name for lock in locked for name in lock]

    assert [(a.items() - b.items()) for a, b in zip(asked, locked, strict=True)] == [set()] * 3
    assert sorted(everything) == sorted(set(everything))


@pytest.mark.parametrize("name", ALONE)
@pytest.mark.parametrize("python", PYTHONS)
def test_a_lock_of_an_environment_of_its_own_holds_what_its_list_asks_for(
    python: str, name: str
) -> None:
    """Others' clients, and the tools that look at the locks: the lock is whole by itself."""
    assert pins(f"{name}.txt", python).items() <= pins(f"{name}.lock", python).items()


def test_the_deployed_list_is_what_its_first_part_pulls_in() -> None:
    """On this Python nothing is missing that a deployment would then choose by itself, and nothing is left over."""
    direct, _, rest = (ROOT / "requirements.txt").read_text().partition("# Pulled in by the above")
    named = re.findall(r"(?m)^([\w-]+)==", direct)
    roots = [r for r, _ in entries("requirements.txt") if r.name in named and _here(r)]
    python = f"{sys.version_info.major}.{sys.version_info.minor}"

    assert rest
    assert needed(roots) == pins("requirements.txt", python, sys.platform)


@pytest.mark.parametrize("name", [*LOCKS, *ALONE_LOCKS])
def test_every_locked_package_has_its_hashes(name: str) -> None:
    """pip checks them only where each has one."""
    without = [
        str(requirement)
        for requirement, hashes in entries(name)
        if not hashes or not all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes)
    ]
    assert without == []


@pytest.mark.parametrize("name", [*LISTS, *LOCKS, "requirements-audit.txt", *ALONE_LOCKS])
def test_no_index_is_named(name: str) -> None:
    """The index is the installer's own business; a file included is the only option."""
    options = re.findall(r"(?m)^-.*$", (ROOT / name).read_text())

    assert [option for option in options if option.split()[0] != "-r"] == []
    assert "://" not in (ROOT / name).read_text()


def test_the_makefile_takes_the_pythons_of_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its check is run as each Python; types, lint and locks are for the oldest."""
    makefile = (ROOT / "Makefile").read_text()
    check = re.search(r"\$\(PYTHON\) -c '(import sys; [^']+)'", makefile)
    assert check
    taken, said = [], set[Any]()
    for minor in range(8, 20):
        monkeypatch.setattr(sys, "version_info", (3, minor, 0, "final", 0))
        with pytest.raises(SystemExit) as exit_:
            exec(check[1], {})
        monkeypatch.undo()
        said.add(exit_.value.code)
        taken += [] if exit_.value.code else [f"3.{minor}"]

    oldest = PYTHONS[0]
    assert taken == PYTHONS
    assert f"Python {oldest} to {PYTHONS[-1]} is needed" in str(said)
    assert f"--python-version {oldest} " in makefile
    assert PROJECT["tool"]["mypy"]["python_version"] == oldest
    assert PROJECT["tool"]["ruff"]["target-version"] == "py" + oldest.replace(".", "")


def test_the_readme_tells_what_each_python_gets() -> None:
    """A row for each, with the SDK that it gets, and what was tried on it."""
    rows = re.findall(r"(?m)^\| (3\.\d+) \| ([\d.]+) \| \S.* \|$", (ROOT / "README.md").read_text())

    assert rows == [(p, pins("requirements.txt", p)["azure-functions"]) for p in PYTHONS]
