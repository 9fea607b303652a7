"""Decides whether this host may run an orchestration of a version (host.json's `versionMatchStrategy`).

The default is CurrentOrOlder and Reject, also without a `defaultVersion`
(docs/platform-notes.md#which-versions-a-host-runs). A rejected instance stays as it is, until a host that may run
it comes along.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What .NET's Version.TryParse takes: two to four numbers.
DOTTED = re.compile(r"\s*\d{1,9}(\.\d{1,9}){1,3}\s*")


@dataclass(frozen=True)
class Versioning:
    """The version settings of host.json's `extensions.durableTask`."""

    default: str | None = None
    match: str = "currentorolder"
    failure: str = "reject"

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Versioning:
        return cls(
            settings.get("defaultVersion"),
            str(settings.get("versionMatchStrategy") or cls.match).lower(),
            str(settings.get("versionFailureStrategy") or cls.failure).lower(),
        )

    def accepts(self, version: str | None) -> bool:
        if self.match == "none":
            return True
        order = compare(version, self.default)
        return order == 0 if self.match == "strict" else order <= 0


def compare(left: str | None, right: str | None) -> int:
    """Below, equal to or above 0; none is older than any, `abc` compares as text."""
    one, two = (left or "").strip(), (right or "").strip()
    if not one or not two:
        return bool(one) - bool(two)
    if DOTTED.fullmatch(one) and DOTTED.fullmatch(two):
        a, b = _numbers(one), _numbers(two)
        return (a > b) - (a < b)
    return (one.upper() > two.upper()) - (one.upper() < two.upper())


def _numbers(text: str) -> tuple[int, ...]:
    # A missing part counts as -1, so that 1.0 is older than 1.0.0.
    parts = [int(part) for part in text.split(".")]
    return (*parts, *[-1] * (4 - len(parts)))
