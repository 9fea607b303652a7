"""The end of a migration without what is chance (names, ids, times): equal for runs that ended alike."""

from __future__ import annotations

import json
from typing import Any

from tests.crash.evidence import Evidence, Json, outcome_of

_CHANCE = frozenset({"publishedDate", "createdTime"})
_CHANCE_TAGS = frozenset({"gallery-migrator.fingerprint", "gallery-migrator.migration"})


def ending(evidence: Evidence, name: str) -> Json:
    """Outcome, result, version and fate of the image `name`."""
    ids = [m for m, a in evidence.accepted.items() if a["sourceImageId"].endswith(f"/{name}")]
    outcomes = [outcome_of(evidence.records[migration]) or {} for migration in ids]
    kept = {
        "outcomes": [_outcome(outcome) for outcome in outcomes],
        "there": [_without_chance(r) for r in evidence.resources if _about(r, name)],
        "gone": sorted(r["id"] for r in evidence.deleted if _about(r, name)),
    }
    plain: Json = json.loads(json.dumps(kept).replace(name, "IMAGE"))
    return plain


def _outcome(outcome: Json) -> Json:
    result = outcome.get("result", {})
    decided = result.get("decidedBy") or {}
    return {
        "outcome": outcome.get("outcome"),
        "reason": outcome.get("reason"),
        "image": result.get("image"),
        "versionReady": result.get("versionReady"),
        "approver": decided.get("approver"),
    }


def _about(resource: Json, name: str) -> bool:
    return f"/{name}/" in resource["id"] + "/"


def _without_chance(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_chance(element) for element in value]
    if not isinstance(value, dict):
        return value
    left_out = _CHANCE | _CHANCE_TAGS
    return {key: _without_chance(inner) for key, inner in value.items() if key not in left_out}
