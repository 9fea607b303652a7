"""The documents, taken apart: what stands in backticks, and the blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted(ROOT.glob("docs/*.md")),
    ROOT / "packages" / "localcloud" / "README.md",
)
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`]+)`")


class Block(NamedTuple):
    """A fenced block, and its language."""

    language: str
    text: str


def blocks(text: str) -> list[Block]:
    """Every fenced block."""
    return [Block(*found) for found in _FENCE.findall(text)]


def spans(text: str) -> list[str]:
    """Each text in backticks outside of blocks, once; one that goes over a line's end is one line, and a `|` that is
    escaped for a table is a `|`."""
    found = _SPAN.findall(_FENCE.sub("", text))
    return list(dict.fromkeys(re.sub(r"\s+", " ", span).replace("\\|", "|") for span in found))


def lines(script: str) -> Iterator[str]:
    """The commands of a shell block: continued lines and open quotes are one, comments and prompts are left out."""
    held = ""
    for line in script.splitlines():
        held += line.removeprefix("$ ") if not held else f" {line}"
        if held.endswith("\\"):
            held = held[:-1]
        elif held.count("'") % 2 == 0 and held.count('"') % 2 == 0:
            if command := re.sub(r"(^|\s)#\s.*", "", held).strip():
                yield command
            held = ""
