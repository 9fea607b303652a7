"""Microsoft's own validator (oav) judges what the emulator answers to the real SDK."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from localcloud.arm.server import routing
from localcloud.testing.figures import tell
from packages.localcloud.tests.arm.spec.judging import GAPS, Judged, judge
from packages.localcloud.tests.arm.spec.routes import (
    OPERATIONS,
    PUBLISHED,
    PUBLISHED_ROUTES,
    UNPUBLISHED,
    provider_of,
)
from packages.localcloud.tests.arm.spec.swagger import Pair, require_validator, validate
from packages.localcloud.tests.arm.spec.traffic import Traffic


@pytest.fixture(scope="module")
def judged(traffic: Traffic, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """The verdicts on the whole traffic."""
    require_validator()
    return judge(traffic.seen, tmp_path_factory.mktemp("swagger"))


def test_answers_keep_to_the_swagger(judged: Judged) -> None:
    """oav holds nothing against any answer or request but the known gaps, and each gap occurs."""
    tell(judged.figure())
    assert judged.verdicts
    assert not judged.faults(), "\n".join(judged.faults())
    findings = [finding for _, finding in judged.findings()]
    idle = [gap for gap in GAPS if not any(gap.covers(finding) for finding in findings)]
    assert not idle, "known gaps that no longer occur"


def test_every_described_route_was_taken(judged: Judged) -> None:
    """Every operation of the swagger that the emulator serves has a validated exchange."""
    taken = Counter(verdict.operation for verdict in judged.verdicts)
    assert not OPERATIONS - set(taken), "operations without an exchange"


def test_every_route_is_accounted_for() -> None:
    """The emulator has no type of resource and no route of which the tables here say nothing."""
    served = set(routing.KINDS) | set(routing._SPECIAL)
    described = {kind.lower() for kind in PUBLISHED} | set(PUBLISHED_ROUTES)
    assert not served - described - {route.kind for route in UNPUBLISHED}


def test_every_other_route_was_taken(traffic: Traffic) -> None:
    """A route that no saved swagger describes is listed with its reason, was called, and its answer has its keys."""
    rest = [exchange for exchange in traffic.seen if provider_of(exchange) is None]
    stray = [e.url for e in rest if not any(route.matches(e) for route in UNPUBLISHED)]
    assert not stray
    for route in UNPUBLISHED:
        mine = [exchange for exchange in rest if route.matches(exchange)]
        taken = any(exchange.method == route.asked for exchange in mine)
        assert taken, f"{route.kind}: no exchange"
        assert not [fault for exchange in mine if (fault := route.fault(exchange))]


def _answer(**properties: Any) -> Callable[[Pair], None]:
    """Puts these into the `properties` of the answer."""

    def spoil(pair: Pair) -> None:
        pair["liveResponse"]["body"]["properties"].update(properties)

    return spoil


def _no_content(pair: Pair) -> None:
    pair["liveResponse"]["statusCode"] = "204"


def _unwrapped_error(pair: Pair) -> None:
    pair["liveResponse"]["statusCode"] = "409"
    pair["liveResponse"]["body"] = {"code": "Conflict", "message": "no error key"}


CONTROLS: tuple[tuple[str, Callable[[Pair], None], str], ...] = (
    ("Galleries_Get", _answer(invented=1), "OBJECT_ADDITIONAL_PROPERTIES"),
    ("Galleries_Get", _answer(description=1), "INVALID_TYPE"),
    ("GalleryImages_Get", _answer(osType="linux"), "ENUM_CASE_MISMATCH"),
    (
        "GalleryImageVersions_Get",
        _answer(publishingProfile={"targetRegions": [{}]}),
        "OBJECT_MISSING_REQUIRED_PROPERTY",
    ),
    ("Galleries_CreateOrUpdate", _no_content, "INVALID_RESPONSE_CODE"),
    ("Images_Get", _unwrapped_error, "OBJECT_ADDITIONAL_PROPERTIES"),
)


def test_the_validator_can_refuse(judged: Judged) -> None:
    """A good exchange that is spoilt in one place gets the finding that belongs to it."""
    spoilt = []
    for operation, spoil, _ in CONTROLS:
        pair = copy.deepcopy(_good(judged, operation))
        spoil(pair)
        spoilt.append(pair)
    verdicts = validate(judged.directory, spoilt)
    codes = [{finding.code for finding in verdict.findings} for verdict in verdicts]
    assert codes == [{code} for _, _, code in CONTROLS]


def _good(judged: Judged, operation: str) -> Pair:
    """An exchange of that operation that succeeded and had no findings."""
    return next(
        pair
        for pair, verdict in zip(judged.pairs, judged.verdicts, strict=True)
        if verdict.operation == operation
        and not verdict.findings
        and pair["liveResponse"]["statusCode"] in ("200", "201")
    )
