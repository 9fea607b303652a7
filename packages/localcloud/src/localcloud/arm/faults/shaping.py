"""The rules that change how the cloud behaves for one call, instead of spoiling its answer: its profile under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from localcloud.arm.faults.rules import Rule
from localcloud.arm.state.profile import Graph, Machines, Profile


def shaped(profile: Profile, rules: Sequence[Rule]) -> Profile:
    """The profile under these rules."""
    changes: dict[str, Any] = {
        "failing_regions": dict(profile.failing_regions),
        "late_regions": dict(profile.late_regions),
        "shapes": dict(profile.shapes),
        "unseen": profile.unseen,
        "graph": profile.graph,
        "machines": profile.machines,
    }
    for rule in rules:
        if rule.what == "unseen":
            changes["unseen"] += (rule.rows,)
        elif rule.what == "graph":
            changes["graph"] = _graph(changes["graph"], rule)
        elif rule.what == "machine":
            changes["machines"] = _machines(changes["machines"], rule)
        elif rule.outcome == "fail":
            text = rule.message or "Failed with internal server error."
            changes["failing_regions"][rule.region] = text
        elif rule.outcome == "late":
            changes["late_regions"][rule.region] = rule.seconds
        else:
            changes["shapes"][rule.region] = rule.outcome
    return replace(profile, **changes)


def _graph(graph: Graph, rule: Rule) -> Graph:
    match rule.outcome:
        case "lag":
            return replace(graph, lag=rule.seconds)
        case "limit":
            return replace(graph, subscriptions=rule.size)
        case _:
            return replace(graph, truncated_at=rule.size)


def _machines(machines: Machines, rule: Rule) -> Machines:
    match rule.outcome:
        case "quota" | "size" | "policy" | "terms":
            return replace(machines, refusal=rule.outcome)
        case "timeout" | "internal" | "allocation":
            return replace(machines, failure=rule.outcome, serial_log=rule.message or "")
        case "evicted":
            return replace(machines, evicted_after=rule.seconds)
        case "agent":
            return replace(machines, agent_seconds=None, serial_log=rule.message or "")
        case "script":
            return replace(machines, exit_code=rule.size, output=rule.message or "")
        case "silent":
            return replace(machines, script_seconds=None)
        case _:
            return replace(machines, leaves=True)
