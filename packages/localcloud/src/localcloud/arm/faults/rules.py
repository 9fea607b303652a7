"""Faults as data: rules that say which call goes wrong, and how.

A rule names a method, a path and a client id (regular expressions; the path's is searched in the path
with its query, the client's in the id of the identity that calls), which of the matching calls it takes
(`nth`, `every`, `count`, `probability` from the seed), and what happens, before the emulator does
anything or after the write has taken effect.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field, fields
from random import Random
from typing import Any

from localcloud.arm.state.model import Json

KINDS = (
    # An error status; body and Retry-After as real ones.
    "status",
    # The connection breaks without an answer.
    "reset",
    # No answer, until the client gives up.
    "timeout",
    # The answer ends in the middle.
    "truncated",
    # 200 and something that is no JSON.
    "malformed",
    # 200 and an error in the body.
    "error-body",
    # The right body as text/html.
    "content-type",
    # The right answer with a Date that is `seconds` ahead, or behind when negative.
    "date",
    # The answer takes `seconds` of wall-clock time.
    "slow",
    # The request waits until the control API releases it.
    "hold",
    # A version's region fails, stalls, goes backwards or is late.
    "replication",
    # Lists and Resource Graph leave out `rows` without a word.
    "unseen",
    # Resource Graph lags, truncates, or looks at some subscriptions only.
    "graph",
    # A virtual machine is refused, fails, is evicted; its agent or its script; what its deletion leaves.
    "machine",
)
# Kinds that change how the cloud behaves for a call (`shaping.py`) instead of spoiling its answer.
SHAPING = ("replication", "unseen", "graph", "machine")


class RuleError(ValueError):
    """A rule that cannot be read; the text names the field."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One fault. `nth` counts matching calls from 1; without it every one, at most `count`."""

    what: str
    method: str = ".*"
    path: str = ""
    client: str = ""
    when: str = "before"
    nth: int | None = None
    every: int | None = None
    count: int | None = None
    probability: float = 1.0
    status: int = 500
    code: str | None = None
    message: str | None = None
    # Seconds.
    retry_after: int | None = None
    retry_after_date: bool = False
    seconds: float = 5.0
    region: str = "*"
    # Replication: fail, stall, backwards, late; of others see _OUTCOMES.
    outcome: str = "fail"
    # A regular expression of the ids that are not seen.
    rows: str = ""
    # The rows of a truncated answer, the subscriptions of a limited one, the exit code of a script.
    size: int = 1
    name: str = ""

    def as_json(self) -> Json:
        """The rule as it was sent, defaults left out."""
        defaults = {f.name: f.default for f in fields(self)}
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {_camel(k): v for k, v in values.items() if v != defaults[k] or k == "what"}


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.title() for word in tail)


_NAMES = {_camel(f.name): f.name for f in fields(Rule)}
_CHOICES: dict[str, tuple[str, ...]] = {"what": KINDS, "when": ("before", "after")}
# The outcomes of each kind that has some.
_OUTCOMES: dict[str, tuple[str, ...]] = {
    "replication": ("fail", "late", "stall", "backwards"),
    "graph": ("lag", "truncated", "limit"),
    "machine": (
        *("quota", "size", "policy", "terms", "timeout", "internal", "allocation"),
        *("evicted", "agent", "script", "silent", "left"),
    ),
}
_CHOICES["outcome"] = tuple(outcome for some in _OUTCOMES.values() for outcome in some)
_COUNTS = ("nth", "every", "count", "status", "retryAfter", "size")
_NUMBERS = ("seconds", "probability")


def read_rule(raw: Any) -> Rule:
    """Return the rule that a JSON object describes. Raises RuleError naming the field."""
    if not isinstance(raw, dict):
        raise RuleError("a rule is an object")
    unknown = sorted(set(raw) - set(_NAMES))
    if unknown:
        raise RuleError(f"unknown field {', '.join(unknown)}; known are {', '.join(_NAMES)}")
    for name, value in {"what": None, **raw}.items():
        _check(name, value)
    rule = Rule(**{_NAMES[key]: value for key, value in raw.items()})
    if rule.outcome not in _OUTCOMES.get(rule.what, (rule.outcome,)):
        raise RuleError(f"outcome must be one of {', '.join(_OUTCOMES[rule.what])}")
    if rule.seconds < 0 and rule.what != "date":
        raise RuleError("seconds must be a number of 0 or more")
    if rule.what == "unseen" and not rule.rows:
        raise RuleError("rows must say which ids are not seen")
    return rule


def _check(name: str, value: Any) -> None:
    """Raises RuleError unless this field can have the value."""
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise RuleError(f"{name} must be one of {', '.join(_CHOICES[name])}")
    elif name in _COUNTS:
        if type(value) is not int or value < 1:
            raise RuleError(f"{name} must be a whole number above 0")
    elif name in _NUMBERS:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or (value < 0 and name != "seconds"):
            raise RuleError(f"{name} must be a number of 0 or more")
    elif name == "retryAfterDate":
        if not isinstance(value, bool):
            raise RuleError(f"{name} must be true or false")
    elif not isinstance(value, str):
        raise RuleError(f"{name} must be a text")
    elif name in ("method", "path", "client", "rows"):
        _check_pattern(name, value)


def _check_pattern(name: str, value: str) -> None:
    try:
        re.compile(value)
    except re.error as error:
        raise RuleError(f"{name} is no regular expression: {error}") from error


@dataclass(slots=True)
class _Armed:
    rule: Rule
    seen: int = 0
    fired: int = 0
    random: Random = field(default_factory=Random)

    def takes(self, method: str, path: str, client: str) -> bool:
        rule = self.rule
        if not re.fullmatch(rule.method, method, re.IGNORECASE):
            return False
        if not re.search(rule.path, path, re.IGNORECASE):
            return False
        if not re.search(rule.client, client, re.IGNORECASE):
            return False
        self.seen += 1
        if rule.nth is not None and self.seen != rule.nth:
            return False
        if rule.every is not None and self.seen % rule.every:
            return False
        if rule.count is not None and self.fired >= rule.count:
            return False
        if rule.probability < 1 and self.random.random() >= rule.probability:
            return False
        self.fired += 1
        return True


class Faults:
    """The rules in force and how often each has matched. Not kept over a restart."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []
        self.seed = 0

    def set(self, rules: list[Rule], seed: int = 0) -> None:
        """Add rules; their draws begin anew from the seed."""
        self.seed = seed
        for rule in rules:
            number = len(self._armed)
            random = Random(f"{seed}|{number}")  # noqa: S311 - repeatable draws, no secret
            self._armed.append(_Armed(rule, random=random))

    def clear(self) -> None:
        """Forget all rules and what they have counted."""
        self._armed.clear()

    def pick(self, method: str, path: str, client: str = "") -> Rule | None:
        """The first rule that takes this call; those that shape the cloud act elsewhere."""
        for armed in self._armed:
            if armed.rule.what not in SHAPING and armed.takes(method, path, client):
                return armed.rule
        return None

    def shaping(self, kinds: Collection[str], method: str, path: str, client: str) -> list[Rule]:
        """The rules of these kinds that take this call and shape the cloud for it."""
        return [
            armed.rule
            for armed in self._armed
            if armed.rule.what in kinds and armed.takes(method, path, client)
        ]

    def as_json(self) -> list[Json]:
        """Every rule with its counts."""
        return [a.rule.as_json() | {"matched": a.seen, "fired": a.fired} for a in self._armed]
