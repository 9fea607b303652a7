"""The rules that the emulator is held to hold of Azure's own recorded traffic, too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from localcloud.arm.protocol.call import Exchange
from packages.localcloud.tests.arm.replay.recordings import Interaction, read
from packages.localcloud.tests.arm.spec import protocol
from packages.localcloud.tests.arm.spec.protocol import Rule

RECORDINGS = Path(__file__).resolve().parents[6] / "shared" / "arm" / "recordings"
# The azure-cli's recorder strips these headers; the SDK's recording of 2022 is whole.
NEEDS_ALL_HEADERS = (protocol.common_headers, protocol.retry_after, protocol.request_limits)


def _exchange(interaction: Interaction) -> Exchange:
    return Exchange(
        method=interaction.method,
        url=f"https://management.azure.com{interaction.path}",
        request_headers={},
        request_body=interaction.sent,
        status=interaction.status,
        response_headers=interaction.headers,
        response_body=interaction.body,
    )


@pytest.fixture(scope="module")
def recorded() -> Sequence[tuple[bool, Exchange]]:
    """Every recorded exchange with ARM, and whether its headers are whole."""
    if not RECORDINGS.is_dir():
        pytest.skip("needs the recordings: ../shared/arm/recordings")
    files = [*RECORDINGS.glob("azure-*/*.yaml"), *RECORDINGS.glob("azure-*/*.json")]
    return [
        (interaction.keeps_retry_after, _exchange(interaction))
        for file in files
        for interaction in read(file)
        if interaction.host in ("", "management.azure.com")
    ]


@pytest.mark.parametrize("rule", protocol.RULES, ids=lambda rule: rule.__name__)
def test_azure_keeps_the_rule(rule: Rule, recorded: Sequence[tuple[bool, Exchange]]) -> None:
    """No recorded exchange breaks the rule, so it asks nothing of the emulator that isn't so."""
    exchanges = [e for whole, e in recorded if whole or rule not in NEEDS_ALL_HEADERS]
    verdicts = [(exchange, fault) for exchange in exchanges for fault in rule(exchange)]
    faults = [f"{e.method} {e.url[:300]} {e.status}: {fault}" for e, fault in verdicts if fault]
    assert not faults, "\n".join(faults)
