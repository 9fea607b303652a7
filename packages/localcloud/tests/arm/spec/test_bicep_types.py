"""Scale sets, their machines and machines keep to the types that Microsoft generates from newer specifications."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.arm.protocol.call import Exchange
from localcloud.testing.figures import tell
from packages.localcloud.tests.arm.spec.addresses import path_of
from packages.localcloud.tests.arm.spec.bicep_types import TYPES, faults
from packages.localcloud.tests.arm.spec.traffic import Traffic

MACHINE = "Microsoft.Compute/virtualMachines"
SET = "Microsoft.Compute/virtualMachineScaleSets"
INSTANCE = f"{SET}/virtualMachines"
IMAGE = "Microsoft.Compute/images"
COMMAND = f"{MACHINE}/runCommands"
KINDS = (MACHINE, SET, INSTANCE, IMAGE, COMMAND)

needs_types = pytest.mark.skipif(
    not TYPES.is_file(), reason="needs the generated types: ../shared/arm/specs/bicep-types-az"
)


def _answered(traffic: Traffic, kind: str) -> Iterator[tuple[Exchange, Any]]:
    """Every resource of this type in an answer of the compute provider, alone or in a list."""
    for exchange in traffic.seen:
        body = exchange.response_body
        if (
            "/providers/Microsoft.Compute/" not in exchange.url
            or exchange.status >= 400
            or not isinstance(body, dict)
        ):
            continue
        for line in body.get("value", [body]):
            if isinstance(line, dict) and line.get("type") == kind:
                yield exchange, line


@needs_types
@pytest.mark.parametrize("kind", KINDS)
def test_answers_keep_to_the_types(kind: str, traffic: Traffic) -> None:
    """No answer has an unknown property, a value of a wrong type or lacks what is required."""
    found = list(_answered(traffic, kind))
    wrong = [
        f"{exchange.method} {exchange.url}: {fault}"
        for exchange, line in found
        for fault in faults(kind, line, sent=False)
    ]
    tell(f"generated types: {len(found)} answers with {kind}")
    assert not wrong, "\n".join(wrong)
    assert len(found) > 3


@needs_types
@pytest.mark.parametrize("kind", [MACHINE, SET, IMAGE])
def test_what_the_tests_send_keeps_to_the_types(kind: str, traffic: Traffic) -> None:
    """The bodies that are put are such as Azure would take."""
    pattern = re.compile(rf"/providers/{kind}/[^/]+$", re.IGNORECASE)
    sent = [
        exchange.request_body
        for exchange in traffic.seen
        if exchange.method == "PUT" and pattern.search(path_of(exchange))
    ]
    assert sent
    assert [fault for body in sent for fault in faults(kind, body, sent=True)] == []


@needs_types
def test_the_types_can_refuse(traffic: Traffic) -> None:
    """A good answer that is spoilt in one place gets the fault that belongs to it."""
    _, good = next(_answered(traffic, SET))
    model = good["properties"]["virtualMachineProfile"]
    spoilt: list[tuple[Any, str]] = [
        ({"properties": good["properties"] | {"invented": 1}}, "/properties/invented: unknown"),
        ({"location": 1}, "/location: 1 is no StringType"),
        ({"sku": good["sku"] | {"capacity": "2"}}, "/sku/capacity: '2' is no IntegerType"),
        (
            {"properties": good["properties"] | {"orchestrationMode": "uniform"}},
            "/properties/orchestrationMode: 'uniform' is none of ['Uniform', 'Flexible']",
        ),
        (
            {
                "properties": good["properties"]
                | {"virtualMachineProfile": model | {"storageProfile": []}}
            },
            "/properties/virtualMachineProfile/storageProfile: no object",
        ),
    ]
    assert [faults(SET, good | change, sent=False) for change, _ in spoilt] == [
        [said] for _, said in spoilt
    ]
    homeless = {key: value for key, value in good.items() if key != "location"}
    assert faults(SET, homeless, sent=False) == ["/location: is missing"]
