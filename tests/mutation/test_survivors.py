"""The list of survivors is neither too short nor too long, and has its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.mutation.mutants import Change
from tests.mutation.survivors import complaints, listed

KILLED = {Change("domain.a", "", "x = 1", f"1 -> {n}"): False for n in range(2, 40)}
LIVES = Change("domain.a", "f", "if a < b:", "a < b -> a <= b")
ELSEWHERE = Change("domain.b", "", "y = 1", "1 -> 2")
REASON = {LIVES: "a is never b"}
[ONE, *_] = KILLED

RUNS: dict[str, tuple[Mapping[Change, bool], Mapping[Change, str], str]] = {
    "all are killed": (KILLED, {}, ""),
    "the one that lives is listed": ({**KILLED, LIVES: True}, REASON, ""),
    "one of a module that was not tried is listed": (KILLED, {ELSEWHERE: "y is not read"}, ""),
    "the one that lives is not listed": ({**KILLED, LIVES: True}, {}, "is not listed: domain.a, f"),
    "one that is listed was killed": ({**KILLED, LIVES: False}, REASON, "was killed: domain.a, f"),
    "one that is listed does not exist": (KILLED, REASON, "does not exist: domain.a, f"),
    "one has no reason": ({**KILLED, LIVES: True}, {LIVES: " "}, "without a reason: domain.a, f"),
    "too few are killed": ({LIVES: True, ONE: False}, REASON, "fewer than 95% are killed"),
}


@pytest.mark.parametrize(("survived", "reasons", "words"), RUNS.values(), ids=RUNS)
def test_what_survives_is_what_is_listed(
    survived: Mapping[Change, bool], reasons: Mapping[Change, str], words: str
) -> None:
    """Anything else is told, with the module, the line and the change."""
    lines = list(complaints(survived, reasons))
    assert len(lines) == bool(words)
    assert all(words in complaint for complaint in lines)


def test_a_list_is_read_with_its_reasons(tmp_path: Path) -> None:
    """A missing list is an empty one; a row that lacks a field is an error."""
    path = tmp_path / "survivors.toml"
    assert listed(path) == {}
    row = "\n".join(f"{name} = {value!r}" for name, value in LIVES._asdict().items())
    path.write_text(f"[[survivor]]\n{row}\nreason = 'a is never b'\n")
    assert listed(path) == REASON
    path.write_text(f"[[survivor]]\n{row}\n")
    with pytest.raises(KeyError, match="reason"):
        listed(path)
