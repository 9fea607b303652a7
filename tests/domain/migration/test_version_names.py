"""The version's name: free, ours, taken, or the next number."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.facts import VersionFacts
from domain.ids import parse_version_name
from domain.migration.fingerprint import fingerprint_of
from domain.migration.version_names import NameTaken, Settled, settle_version_name
from tests.builders import IMAGE_ID, SCOPE, a_version, an_image

OURS = fingerprint_of(an_image()).value
THEIRS: dict[str, Any] = {"tag": None}
OTHER_SOURCE: dict[str, Any] = {"source": f"{SCOPE}/images/other"}

# what is there: (asked for, versions, soft-deleted names, expected name or words, takes up)
CASES: dict[str, tuple[str, list[VersionFacts], list[str], str, bool]] = {
    "a free name": ("1.0.0", [], [], "1.0.0", False),
    "a free name beside others": ("2.0.0", [a_version("1.0.0", **THEIRS)], [], "2.0.0", False),
    "our version": ("1.0.0", [a_version()], [], "1.0.0", True),
    "our version, still being made": ("1.0.0", [a_version(state="Creating")], [], "1.0.0", True),
    "our version from an id in other case": (
        "1.0.0",
        [a_version(source=IMAGE_ID.upper())],
        [],
        "1.0.0",
        True,
    ),
    "auto, nothing there": ("auto", [], [], "1.0.0", False),
    "auto after the highest": (
        "auto",
        [a_version("1.0.9", **THEIRS), a_version("1.0.10", **THEIRS)],
        [],
        "1.0.11",
        False,
    ),
    "auto by number, not by text": (
        "auto",
        [a_version("9.0.0", **THEIRS), a_version("10.0.0", **THEIRS)],
        [],
        "10.0.1",
        False,
    ),
    "auto after a soft-deleted number": ("auto", [], ["3.1.4"], "3.1.5", False),
    "auto takes up ours": (
        "auto",
        [a_version("1.0.3"), a_version("2.0.0", **THEIRS)],
        [],
        "1.0.3",
        True,
    ),
    "auto takes up our highest": (
        "auto",
        [a_version("1.0.10"), a_version("1.0.9")],
        [],
        "1.0.10",
        True,
    ),
    "auto passes over our failed one": ("auto", [a_version(state="Failed")], [], "1.0.1", False),
    "auto passes over names it does not know": ("auto", [], ["nightly"], "1.0.0", False),
}
TAKEN: dict[str, tuple[str, list[VersionFacts], list[str], str]] = {
    "without our tag": ("1.0.0", [a_version(**THEIRS)], [], "something else"),
    "with another fingerprint": ("1.0.0", [a_version(tag="v1-x-y")], [], "something else"),
    "with our tag and another source": ("1.0.0", [a_version(**OTHER_SOURCE)], [], "images/other"),
    "ours but failed": ("1.0.0", [a_version(state="Failed")], [], "Failed"),
    "ours but being deleted": ("1.0.0", [a_version(state="Deleting")], [], "Deleting"),
    "soft-deleted": ("1.0.0", [], ["1.0.0"], "soft-deleted"),
    "no patch number left": ("auto", [], ["1.0.2147483647"], "no patch number"),
}


@pytest.mark.parametrize(
    ("asked", "there", "gone", "name", "adopts_existing"), CASES.values(), ids=CASES
)
def test_the_name_is_settled(
    asked: str, there: list[VersionFacts], gone: list[str], name: str, adopts_existing: bool
) -> None:
    """The name, and whether the version is there and ours."""
    assert settle_version_name(asked, there, gone, IMAGE_ID, OURS) == Settled(name, adopts_existing)


@pytest.mark.parametrize(("asked", "there", "gone", "words"), TAKEN.values(), ids=TAKEN)
def test_a_name_that_cannot_be_had_says_why(
    asked: str, there: list[VersionFacts], gone: list[str], words: str
) -> None:
    """Names are reused, content is not."""
    settled = settle_version_name(asked, there, gone, IMAGE_ID, OURS)
    assert isinstance(settled, NameTaken)
    assert words in settled.reason


NAMES = st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30)).map(
    lambda parts: ".".join(map(str, parts))
)


@given(st.sets(NAMES), st.sets(NAMES))
def test_auto_is_higher_than_whatever_is_there(there: set[str], gone: set[str]) -> None:
    """So it is free, and `latest` means the newest."""
    versions = [a_version(name, **THEIRS) for name in there]
    settled = settle_version_name("auto", versions, sorted(gone), IMAGE_ID, OURS)
    assert isinstance(settled, Settled)
    assert all(parse_version_name(settled.name) > parse_version_name(n) for n in there | gone)


@given(st.sets(NAMES, min_size=1))
def test_auto_gives_a_second_run_the_same_name(there: set[str]) -> None:
    """A run after the PUT finds the version of the first run."""
    versions = [a_version(name, **THEIRS) for name in there]
    first = settle_version_name("auto", versions, (), IMAGE_ID, OURS)
    assert isinstance(first, Settled)
    second = settle_version_name("auto", [*versions, a_version(first.name)], (), IMAGE_ID, OURS)
    assert second == Settled(first.name, adopts_existing=True)
