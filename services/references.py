"""Look for the users of a managed image, in every subscription in scope, by two ways that know nothing of each other.

1. The subscriptions: those of the settings and the image's own, else all that the identity sees.
2. Resource Graph (a query for each of its tables), the locks, and Azure Resource Manager's lists of what it can list.
3. Machines and scale sets, then the machines of scale sets that have another model: last, since they change most.
4. What could not be read is a gap, and so is a list that has become suspiciously short: then the users are unknown.
"""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import clock
from arm.client import ArmClient
from arm.errors import EXPECTED, ArmError, error_of
from arm.images import read_image_body
from arm.lists import ListTooLongError, Patience
from arm.subscriptions import read_subscriptions
from domain.errors import UnexpectedResponseError
from domain.facts import ImageFacts, image_facts
from domain.ids import ComputeId, fold, is_guid
from domain.references.locks import ImageLock, locks_on, veto_of
from domain.references.scale_sets import may_have_drifted
from domain.references.scan import Gap, Scan, too_few
from domain.references.users import ImageUser, Source, merged, users_of
from domain.results import ActivityError
from domain.settings import Settings
from domain.values import Json
from services.dependencies import Dependencies
from services.reference_readings import (
    AnswerCutError,
    Part,
    Reading,
    early_readings,
    machine_readings,
    set_readings,
)
from services.threads import AzureBusyError, at_azure, in_records

# Requests of one scan at the same time: the pool's other threads are for everybody else.
AT_ONCE = 4
MOST_REQUESTS = 5_000
_ALL_VISIBLE = "visible"
_LISTED = (Part.LISTS, Part.MACHINES, Part.SCALE_SETS)


class Scope(NamedTuple):
    """The subscriptions of a scan. `key`: what its counts are kept under; `named`: those that the settings name."""

    key: str
    subscriptions: tuple[str, ...]
    named: tuple[str, ...] = ()


class Why(NamedTuple):
    """The reason of a gap, as `Gap` has it."""

    reason: str
    transient: bool
    retry_after: float | None = None


class Findings:
    """The rows and gaps that a scan has found so far, read with a bounded number of requests at once."""

    def __init__(self, patience: Patience) -> None:
        self.rows: dict[Part, list[Json]] = defaultdict(list)
        self.gaps: list[Gap] = []
        self.failed: set[Part] = set()
        self.patience = patience
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def read(self, readings: Iterable[Reading]) -> None:
        """Read all of them; what fails is a gap. Raises AzureBusyError when too many callers wait for Azure."""
        answers = [self._read_one(reading) for reading in readings]
        for answer in await asyncio.gather(*answers, return_exceptions=True):
            if isinstance(answer, BaseException):
                raise answer

    async def _read_one(self, reading: Reading) -> None:
        try:
            async with self._slots:
                asked = at_azure(reading.read, self.patience)
                rows = await asyncio.wait_for(asked, self.patience.seconds_left)
        except TimeoutError:
            self._missed(reading, Why("no answer in the time that a scan may take", transient=True))
        except (ListTooLongError, AnswerCutError) as error:
            self._missed(reading, Why(str(error), transient=False))
        except EXPECTED as error:
            value = error_of(error)
            self._missed(reading, Why(str(value), value.transient, value.retry_after))
        else:
            self.rows[reading.part] += rows

    def _missed(self, reading: Reading, why: Why) -> None:
        self.failed.add(reading.part)
        self.gaps.append(Gap(where=reading.where, **why._asdict()))


async def scan_references(
    app: Dependencies,
    image: ComputeId,
    facts: ImageFacts | None,
    version: str | None = None,
    seconds: float | None = None,
    *,
    keep: bool = True,
) -> Scan:
    """Look for the users of an image. `facts`: the image as it was just read, None if it is not there; `version`: what
    the commands move users to; `seconds`: how long it may take, if not as long as the settings say; `keep`: a
    complete one is what the next is held against.

    Raises AzureBusyError when too many callers wait for Azure, and RecordError.
    """
    longest = app.settings.reference_scan_timeout.total_seconds()
    findings = Findings(Patience(min(longest, seconds or longest), MOST_REQUESTS))
    scope = await _scope(app, image, findings)
    await findings.read(early_readings(app.arm, image, scope.subscriptions, scope.named))
    at = clock.now()
    await findings.read(machine_readings(app.arm, scope.subscriptions))
    sets = may_have_drifted(findings.rows[Part.SCALE_SETS], image.text, facts)
    await findings.read(set_readings(app.arm, sets))
    findings.gaps += _unseen(findings, image, facts, scope)
    scan = Scan(
        image_id=image.text,
        subscriptions=scope.subscriptions,
        users=_users(findings.rows, image, version),
        locks=_locks(findings, image),
        gaps=tuple(findings.gaps),
        machines=len(findings.rows[Part.MACHINES]),
        scale_sets=len(findings.rows[Part.SCALE_SETS]),
        images=len(findings.rows[Part.IMAGES]),
        veto=veto_of(facts.tags, app.settings.veto_tag) if facts else None,
        machines_read_at=at,
    )
    return await in_records(_held_against_the_last, app, scope.key, scan, keep=keep)


def read_image(arm: ArmClient, image: ComputeId) -> ImageFacts | None:
    """The facts that a scan needs of its image, so without its creation time; None if it is not there."""
    body = read_image_body(arm, image)
    return None if body is None else image_facts(body, None)


def scan_now(
    app: Dependencies,
    image: ComputeId,
    facts: ImageFacts | None,
    version: str | None = None,
    seconds: float | None = None,
) -> Scan:
    """The same for callers without an event loop, such as activities. Raises ArmError while too many callers wait."""
    try:
        return asyncio.run(scan_references(app, image, facts, version, seconds))
    except AzureBusyError as busy:
        text = "too many callers wait for Azure already"
        wait = float(busy.retry_after)
        busy_error = ActivityError(code="AzureBusy", message=text, transient=True, retry_after=wait)
        raise ArmError(busy_error) from busy


def _held_against_the_last(app: Dependencies, key: str, scan: Scan, *, keep: bool) -> Scan:
    """The scan with the gaps that its counts show; a complete one is what the next is held against."""
    gaps = too_few(scan, app.records.last_scan(key), app.settings.reference_floor_percent)
    scan = scan.model_copy(update={"gaps": (*scan.gaps, *gaps)})
    if scan.complete and keep:
        app.records.write_scan(key, scan.counts)
    return scan


async def _scope(app: Dependencies, image: ComputeId, findings: Findings) -> Scope:
    if named := named_subscriptions(app.settings, image):
        key = hashlib.sha256(",".join(named).encode()).hexdigest()[:32]
        return Scope(key, named, named)
    visible: list[str] = []

    def read(patience: Patience) -> list[Json]:
        visible.extend(read_subscriptions(app.arm, image.subscription, patience))
        return []

    await findings.read([Reading(Part.SUBSCRIPTIONS, "subscriptions", read)])
    return Scope(_ALL_VISIBLE, tuple(sorted({*visible, image.subscription})))


def named_subscriptions(settings: Settings, image: ComputeId) -> tuple[str, ...]:
    """The subscriptions that the settings name for scans, and the image's; empty if they name none."""
    named = settings.reference_subscription_ids or settings.subscription_ids
    known = {name.lower() for name in named if is_guid(name)}
    return tuple(sorted({*known, image.subscription})) if known else ()


def _unseen(
    findings: Findings, image: ComputeId, facts: ImageFacts | None, scope: Scope
) -> list[Gap]:
    """Resource Graph leaves out what the identity may not read, without a word: it must show what is known to be there.
    An answer that did not come proves nothing, and has a gap of its own."""
    rows, missing = findings.rows, []
    ids = {fold(str(row.get("id"))) for row in rows[Part.GRAPH]}
    if facts and image.key not in ids and Part.GRAPH not in findings.failed:
        missing.append("the image itself")
    seen = {str(row.get("subscriptionId")).lower() for row in rows[Part.SUBSCRIPTIONS]}
    if Part.SUBSCRIPTIONS not in findings.failed:
        missing += [f"the subscription {name}" for name in sorted({*scope.subscriptions} - seen)]
    return [Gap(where="Resource Graph", reason=f"does not show {what}") for what in missing]


def _users(
    rows: dict[Part, list[Json]], image: ComputeId, version: str | None
) -> tuple[ImageUser, ...]:
    listed = [row for part in _LISTED for row in rows[part]]
    return merged(
        (
            *users_of(image.text, rows[Part.GRAPH], Source.GRAPH, version),
            *users_of(image.text, listed, Source.LISTS, version),
        )
    )


def _locks(findings: Findings, image: ComputeId) -> tuple[ImageLock, ...]:
    try:
        return locks_on(image.text, findings.rows[Part.LOCKS])
    except UnexpectedResponseError as error:
        findings.gaps.append(Gap(where="locks", reason=str(error), transient=True))
        return ()
