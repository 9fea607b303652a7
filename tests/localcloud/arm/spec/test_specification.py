"""Microsoft's own validator (oav) judges what the emulator answers to the real SDK."""

from __future__ import annotations

import copy
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from localcloud.arm import routing
from localcloud.arm.call import Exchange
from tests.localcloud.arm.spec.routes import (
    OPERATIONS,
    PUBLISHED,
    PUBLISHED_ROUTES,
    UNPUBLISHED,
    api_version,
    provider_of,
)
from tests.localcloud.arm.spec.swagger import (
    Finding,
    Verdict,
    copy_specs,
    require_validator,
    validate,
)
from tests.localcloud.arm.spec.traffic import Traffic

Pair = dict[str, Any]  # what oav takes: liveRequest and liveResponse


@dataclass(frozen=True)
class Gap:
    """A finding that is no fault of the emulator, with the reason."""

    code: str
    path: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether the finding is this known one."""
        where = " ".join(finding.paths) + " " + finding.message
        return finding.code == self.code and re.search(self.path, where) is not None


GAPS: tuple[Gap, ...] = (
    Gap(
        "OBJECT_ADDITIONAL_PROPERTIES",
        r"/properties/validationsProfile/validationOperationStatus\b",
        "recorded in 2026 with api-version 2024-03-03: a field that no swagger and no SDK has",
    ),
)


@dataclass(frozen=True)
class Judged:
    """The exchanges that the swagger describes, and the verdict on each."""

    directory: Path
    pairs: list[Pair]
    verdicts: list[Verdict]


def as_pair(exchange: Exchange) -> Pair:
    """The exchange in oav's form."""
    return {
        "liveRequest": {
            "method": exchange.method,
            "url": exchange.url,
            "headers": {name.lower(): text for name, text in exchange.request_headers.items()},
            "body": exchange.request_body,
        },
        "liveResponse": {
            "statusCode": str(exchange.status),
            "headers": {name.lower(): text for name, text in exchange.response_headers.items()},
            "body": exchange.response_body,
        },
    }


@pytest.fixture(scope="module")
def judged(traffic: Traffic, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """All described exchanges through oav at once, with the api-versions that they used."""
    require_validator()
    versions = defaultdict(set)
    described = []
    for exchange in traffic.seen:
        if provider := provider_of(exchange):
            versions[provider].add(api_version(exchange))
            described.append(as_pair(exchange))
    directory = tmp_path_factory.mktemp("swagger")
    copy_specs(directory, {provider: sorted(used) for provider, used in versions.items()})
    return Judged(directory, described, validate(directory, described))


def test_answers_keep_to_the_swagger(judged: Judged, capsys: pytest.CaptureFixture[str]) -> None:
    """oav holds nothing against any answer or request but the known gaps, and each gap occurs."""
    found = [
        (pair, verdict, finding)
        for pair, verdict in zip(judged.pairs, judged.verdicts, strict=True)
        for finding in verdict.findings
    ]
    open_findings = [
        f"{pair['liveRequest']['method']} {pair['liveRequest']['url']}: {finding}"
        for pair, _, finding in found
        if not any(gap.covers(finding) for gap in GAPS)
    ]
    with capsys.disabled():
        used = sorted({verdict.api_version for verdict in judged.verdicts})
        sys.stdout.write(
            f"\noav: {len(judged.verdicts)} exchanges validated, api-versions {', '.join(used)}\n"
        )
    assert judged.verdicts
    assert not open_findings, "\n".join(open_findings)
    idle = [gap for gap in GAPS if not any(gap.covers(finding) for _, _, finding in found)]
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
    """What no saved swagger describes is listed with its reason, was asked for, and has its keys."""
    rest = [exchange for exchange in traffic.seen if provider_of(exchange) is None]
    stray = [e.url for e in rest if not any(route.matches(e) for route in UNPUBLISHED)]
    assert not stray
    for route in UNPUBLISHED:
        mine = [exchange for exchange in rest if route.matches(exchange)]
        assert any(exchange.method == "GET" for exchange in mine), f"{route.kind}: no exchange"
        assert not [fault for exchange in mine if (fault := route.fault(exchange))]


def _spoil(**changes: Any) -> Callable[[Pair], None]:
    """A change of the answer: its `status`, or keys of its body's `properties`."""

    def spoil(pair: Pair) -> None:
        answer = pair["liveResponse"]
        if "status" in changes:
            answer["statusCode"] = changes["status"]
        else:
            answer["body"]["properties"].update(changes)

    return spoil


def _unwrap(pair: Pair) -> None:
    pair["liveResponse"]["statusCode"] = "409"
    pair["liveResponse"]["body"] = {"code": "Conflict", "message": "no error key"}


@pytest.mark.parametrize(
    ("operation", "spoil", "code"),
    [
        ("Galleries_Get", _spoil(invented=1), "OBJECT_ADDITIONAL_PROPERTIES"),
        ("Galleries_Get", _spoil(description=1), "INVALID_TYPE"),
        ("GalleryImages_Get", _spoil(osType="linux"), "ENUM_CASE_MISMATCH"),
        (
            "GalleryImageVersions_Get",
            _spoil(publishingProfile={"targetRegions": [{}]}),
            "OBJECT_MISSING_REQUIRED_PROPERTY",
        ),
        ("Galleries_CreateOrUpdate", _spoil(status="204"), "INVALID_RESPONSE_CODE"),
        ("Images_Get", _unwrap, "OBJECT_ADDITIONAL_PROPERTIES"),
    ],
)
def test_the_validator_refuses(
    operation: str, spoil: Callable[[Pair], None], code: str, judged: Judged
) -> None:
    """A good exchange that is spoilt in one place gets the finding that belongs to it."""
    good = next(
        pair
        for pair, verdict in zip(judged.pairs, judged.verdicts, strict=True)
        if verdict.operation == operation and pair["liveResponse"]["statusCode"] in ("200", "201")
    )
    spoilt = copy.deepcopy(good)
    spoil(spoilt)
    verdicts = validate(judged.directory, [good, spoilt])
    assert [bool(verdict.findings) for verdict in verdicts] == [False, True]
    assert code in [finding.code for finding in verdicts[1].findings]
