"""The whole status of an ended migration without what is chance, and how two of them differ.

Names, ids, times and hashes become words; the deadline is counted from the moment that asked for the approval; lines
of the timeline that tell of a restart, or that a run waits for an earlier one's DELETE, are left out. Two migrations
with the same wish are equal then, whatever died.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import dropwhile
from typing import Any

from tests.crash.evidence import Json

STARTED_AGAIN = "started again"
MAY_BE_UNDER_WAY = "an earlier run may have sent"
MOST_TEXT = 1500
# The default.
APPROVAL_TIMEOUT = timedelta(days=3)
_ASKED = "waiting until"
_CHANCE = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?"), "TIME"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), "GUID"),
    (re.compile(r"\b(v\d-)?[0-9a-f]{20,}\b", re.IGNORECASE), "HASH"),
    (re.compile(r"\bHASH-\d+-[0-9a-f]{8}\b"), "MIGRATION"),
)
# Of a version that was given up, how far its regions were is chance.
_HALF_MADE = frozenset({"cancelled", "failed"})


def twin_form(status: Json, image: str, timeout: timedelta = APPROVAL_TIMEOUT) -> Json:
    """Return the part of a status that is equal for all migrations with the same wish; this one migrated `image`, and
    was to wait for the approval for so long."""
    comparable = {**status, "timeline": _timeline(status)}
    if status.get("approval"):
        comparable["approval"] = {**status["approval"], "deadline": _deadline(status, timeout)}
    if status.get("outcome") in _HALF_MADE:
        comparable["regions"] = [region["name"] for region in status["regions"]]
    form: Json = _without_chance(comparable, (status["id"], image))
    return form


def restarts(status: Json) -> list[str]:
    """The stages of the timeline's restarts."""
    return [line["stage"] for line in status["timeline"] if _is_restart(line)]


def differences(found: Any, twin: Any, place: str = "") -> Iterator[str]:
    """Each place at which they differ, with both values."""
    if isinstance(found, dict) and isinstance(twin, dict):
        for key in sorted(found.keys() | twin.keys()):
            yield from differences(found.get(key), twin.get(key), f"{place}.{key}".lstrip("."))
    elif found != twin:
        yield f"{place} is {found!r}, the twin's {twin!r}"


def most_telling(found: Json, twin: Json) -> list[str]:
    """The differences; of one that ended otherwise only how it ended, since all the rest follows from that."""
    if found["outcome"] != twin["outcome"]:
        return [f"ended as {found['outcome']}: {found['reason']}, the twin as {twin['outcome']}"]
    return [text[:MOST_TEXT] for text in differences(found, twin)]


def lost_answers(found: Json, twin: Json) -> list[str]:
    """The correlation ids that only the twin has: who died with Azure's answer never read them."""
    told = (found.get("result") or {}).get("correlationIds", {})
    return sorted(((twin.get("result") or {}).get("correlationIds", {})).keys() - told.keys())


def without_lost_answers(found: Json, twin: Json) -> Json:
    """The twin as it would be without these answers: nobody can tell what nobody has read."""
    lost = lost_answers(found, twin)
    if not lost:
        return twin
    ids = twin["result"]["correlationIds"]
    left = {activity: told for activity, told in ids.items() if activity not in lost}
    return {**twin, "result": {**twin["result"], "correlationIds": left}}


def _timeline(status: Json) -> list[str]:
    lines = [f"{e['stage']}: {e['text']}" for e in status["timeline"] if not _is_restart(e)]
    return [line for line in lines if MAY_BE_UNDER_WAY not in line]


def _is_restart(line: Json) -> bool:
    return str(line["text"]).startswith(STARTED_AGAIN)


def _deadline(status: Json, timeout: timedelta) -> str | None:
    """Seconds from the line that asks for the approval, which is written a step later: to ten seconds.

    A run that died between the two steps leaves the deadline to the next run, whose line comes when it comes: the
    deadline was set at some moment since the line before.
    """
    deadline, timeline = status["approval"]["deadline"], status["timeline"]
    asked = [n for n, line in enumerate(timeline) if line["text"].startswith(_ASKED)]
    if deadline is None or not asked:
        return deadline and "never asked for"
    end, began = datetime.fromisoformat(deadline), datetime.fromisoformat(timeline[asked[0]]["at"])
    before = list(dropwhile(_is_restart, reversed(timeline[: asked[0]])))
    if len(before) < asked[0]:
        began = min(began, max(end - timeout, datetime.fromisoformat(before[0]["at"])))
    return f"after {round((end - began).total_seconds(), -1):.0f} s"


def _without_chance(value: Any, names: tuple[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _without_chance(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_chance(inner, names) for inner in value]
    return _words(value, names) if isinstance(value, str) else value


def _words(text: str, names: tuple[str, str]) -> str:
    for name, word in zip(names, ("MIGRATION", "IMAGE"), strict=True):
        text = text.replace(name, word)
    for pattern, word in _CHANCE:
        text = pattern.sub(word, text)
    return text
