"""Notices orchestrator code that is not deterministic where the real extension does not.

DurableTask.Core compares kinds and names of what was scheduled; an input made of the time of day or
a random number goes unnoticed until it does harm. Here the actions of each replay are compared with
those of the replay before (within one process, for the latest executions): all of them must come
again, but for timers that are cancelled meanwhile. It is a warning, never an outcome.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from localcloud.durable.history import compact

KEPT_EXECUTIONS = 200
SHOWN_CHARACTERS = 200


class Witness:
    def __init__(self) -> None:
        self._seen: OrderedDict[str, list[str]] = OrderedDict()

    def difference(self, execution_id: str, state: Mapping[str, Any]) -> str:
        """Return what this replay did otherwise than the one before; empty if nothing."""
        before = self._seen.pop(execution_id, [])
        groups = state.get("actions") or []
        now = [compact(_essential(action)) for group in groups for action in group]
        self._seen[execution_id] = now
        if len(self._seen) > KEPT_EXECUTIONS:
            self._seen.popitem(last=False)
        for position, old in enumerate(before):
            new = now[position] if position < len(now) else "nothing"
            if new != old:
                was, became = old[:SHOWN_CHARACTERS], new[:SHOWN_CHARACTERS]
                return f"action {position} was {was} and is {became}"
        return ""


def _essential(action: Mapping[str, Any]) -> dict[str, Any]:
    """Return the action without the fields that may change from replay to replay."""
    kept = {key: value for key, value in action.items() if key != "isCanceled"}
    if "compoundActions" in kept:
        kept["compoundActions"] = [_essential(item) for item in kept["compoundActions"]]
    return kept
