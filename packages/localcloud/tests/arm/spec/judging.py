"""Exchanges before Microsoft's validator, and the findings that are known to be no faults."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from localcloud.arm.protocol.call import Exchange
from packages.localcloud.tests.arm.spec.routes import api_version, provider_of
from packages.localcloud.tests.arm.spec.swagger import Finding, Pair, Verdict, copy_specs, validate


@dataclass(frozen=True)
class Gap:
    """A finding that is no fault of the emulator, with the reason.

    `where` is searched for in the paths and the message of a finding.
    """

    code: str
    where: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Return True if the finding is this known one."""
        text = " ".join((*finding.paths, finding.message))
        return finding.code == self.code and re.search(self.where, text) is not None


GAPS: tuple[Gap, ...] = (
    Gap(
        "OBJECT_ADDITIONAL_PROPERTIES",
        r"/properties/validationsProfile/validationOperationStatus\b",
        "recorded in 2026 with api-version 2024-03-03: a field that no swagger and no SDK has",
    ),
    Gap(
        "OBJECT_ADDITIONAL_PROPERTIES",
        r"/error/innererror/internalErrorCode\b",
        "seen in Azure's 429 bodies (terraform-azurerm issue 19146), not in the swagger's",
    ),
)


@dataclass(frozen=True)
class Judged:
    """The exchanges that the swagger describes, the verdict on each, and where the swagger is."""

    directory: Path
    pairs: list[Pair]
    verdicts: list[Verdict]

    def findings(self) -> Iterator[tuple[Pair, Finding]]:
        """Everything that the validator holds against an exchange."""
        for pair, verdict in zip(self.pairs, self.verdicts, strict=True):
            for finding in verdict.findings:
                yield pair, finding

    def faults(self) -> list[str]:
        """The findings that no known gap covers."""
        return [
            f"{pair['liveRequest']['method']} {pair['liveRequest']['url']}: {finding}"
            for pair, finding in self.findings()
            if not any(gap.covers(finding) for gap in GAPS)
        ]

    def figure(self) -> str:
        """Return the number of exchanges that were validated, in one line."""
        used = sorted({verdict.api_version for verdict in self.verdicts})
        return f"oav: {len(self.verdicts)} exchanges validated, api-versions {', '.join(used)}"


def judge(exchanges: Iterable[Exchange], directory: Path) -> Judged:
    """All exchanges that the swagger describes through oav at once.

    The swagger is copied to `directory` in the api-versions that the exchanges use.
    """
    versions = defaultdict(set)
    pairs = []
    for exchange in exchanges:
        if provider := provider_of(exchange):
            versions[provider].add(api_version(exchange))
            pairs.append(as_pair(exchange))
    copy_specs(directory, {provider: sorted(used) for provider, used in versions.items()})
    return Judged(directory, pairs, validate(directory, pairs))


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
