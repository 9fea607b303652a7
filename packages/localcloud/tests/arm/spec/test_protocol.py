"""The emulator's answers to the real SDK keep the rules that Azure was recorded to keep."""

from __future__ import annotations

import pytest

from packages.localcloud.tests.arm.spec.addresses import path_of
from packages.localcloud.tests.arm.spec.protocol import RULES, Rule
from packages.localcloud.tests.arm.spec.traffic import Traffic


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_exchange_keeps_the_rule(rule: Rule, traffic: Traffic) -> None:
    """No exchange breaks the rule, and some have something to show for it."""
    verdicts = [(exchange, fault) for exchange in traffic.seen for fault in rule(exchange)]
    faults = [f"{e.method} {e.url} {e.status}: {fault}" for e, fault in verdicts if fault]
    assert not faults, "\n".join(faults)
    assert verdicts, "no exchange had anything to do with the rule"


@pytest.mark.parametrize(
    ("path", "states"),
    [
        ("versions/images/versions/versions/1.0.0", 3 * ["Succeeded"]),
        ("failing/images/failing/versions/1.0.0", ["Failed"]),
        ("mismatched/images/mismatched/versions/1.0.0", ["Failed"]),
        ("soft/images/soft/versions/1.0.0", 2 * ["Succeeded"]),
        ("images/plain", 3 * ["Succeeded"]),
    ],
)
def test_states_follow_each_other(path: str, states: list[str], traffic: Traffic) -> None:
    """A resource is Creating or Updating until the operation's end, then Succeeded or Failed."""
    ends = []
    for exchange in traffic.seen:
        body = exchange.response_body
        if not path_of(exchange).endswith(path) or exchange.status >= 400:
            continue
        if exchange.method in ("PUT", "PATCH") and isinstance(body, dict):
            pending = body["properties"]["provisioningState"]
            assert pending in ("Creating", "Updating")
            operation = exchange.response_headers["Azure-AsyncOperation"]
            ends.append(_end(traffic, operation))
    assert ends == states


def _end(traffic: Traffic, operation: str) -> str:
    """Return the last status of an operation; it must have been InProgress before."""
    statuses = [
        exchange.response_body["status"]
        for exchange in traffic.seen
        if exchange.url == operation and isinstance(exchange.response_body, dict)
    ]
    assert set(statuses[:-1]) == {"InProgress"}
    return str(statuses[-1])


def test_progress_of_replication_is_seen(traffic: Traffic) -> None:
    """A version that replicates shows regions under way, then all of them at 100."""
    seen = [
        exchange.response_body["properties"]["replicationStatus"]
        for exchange in traffic.seen
        if path_of(exchange).endswith("versions/images/versions/versions/1.0.0")
        and "ReplicationStatus" in exchange.url
        and isinstance(exchange.response_body, dict)
        and exchange.status == 200
    ]
    assert seen[0]["aggregatedState"] == "InProgress"
    assert any(0 < entry["progress"] < 100 for status in seen for entry in status["summary"])
    assert [entry["progress"] for entry in seen[1]["summary"]] == [100, 100]
