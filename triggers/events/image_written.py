"""An Event Grid event about a managed image: start its migration if the mapping covers it and it is new.

Events come doubled, late and out of order, and a change of a tag raises the same event as a creation; so the event
only says "look at this image". What is there now decides: an image whose fingerprint has any record starts nothing.
What cannot be read is logged and dropped; only an outage is raised, so that Event Grid delivers again.
So many start something in an hour, and no more: the others are put down, and the sweep starts them.
The event's claims (who, from where) are never logged.
"""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.durable_functions as df

import clock
from arm.errors import FORBIDDEN, ArmAnswerError
from arm.images import read_image_facts
from domain.callers.actors import Actor, ActorKind
from domain.errors import InvalidRequestError
from domain.facts import BUSY_STATES, ImageFacts
from domain.ids import ComputeId, image_key, is_guid, parse_image_id
from domain.migration.event_starts import WaitingEvent
from domain.migration.fingerprint import fingerprint_of
from domain.migration.mapping import request_for
from domain.migration.recorded import Snapshot
from domain.migration.requests import MigrationRequest
from domain.restore.reading import made_by
from records.migrations import MigrationRecords
from services.change_numbers import check_change_number
from services.dependencies import Dependencies, dependencies
from services.migrations import Claimed, claim, start_orchestration
from services.threads import at_azure, in_records

EVENT_TYPE = "Microsoft.Resources.ResourceWriteSuccess"
OPERATION = "microsoft.compute/images/write"
_WRITER = "http://schemas.microsoft.com/identity/claims/objectidentifier"
LISTED_WITHIN = timedelta(hours=1)

log = logging.getLogger("gallery_migrator")


class RetryLaterError(Exception):
    """The image is being made or listed, or an older one of its name is being migrated: Event Grid shall deliver again
    later."""


class EventIgnoredError(Exception):
    """The event starts nothing, and why. Logged where it is caught: the worker loses what other threads log."""

    def __init__(self, why: str, level: int = logging.INFO) -> None:
        self.level = level
        super().__init__(why)


class HourFullError(Exception):
    """Events have started as many migrations in this hour as they may."""


async def new_image(event: Any, client: df.DurableOrchestrationClient) -> None:
    """Handle one event (EventGridEvent or CloudEvent)."""
    image = image_of(event)
    if image is None:
        return
    app, at, requester = dependencies(), _time_of(event), requester_of(event)
    try:
        await start_for(app, image, at, requester, client)
    except EventIgnoredError as dropped:
        log.log(dropped.level, "%s: dropped, %s", image, dropped)
    except HourFullError:
        # Event Grid delivers for a day at most; the sweep has this for as long as it takes.
        put_down = WaitingEvent(image_id=image.text, at=at, requester=requester, since=clock.now())
        await in_records(app.records.put_down, put_down)
        log.warning("%s: waits, events have started all that they may in this hour", image)


async def start_for(
    app: Dependencies,
    image: ComputeId,
    at: datetime | None,
    requester: Actor,
    client: df.DurableOrchestrationClient,
) -> None:
    """Start the migration of an image, if what is there now says so, and there is room in this hour. Raises
    EventIgnoredError, RetryLaterError and HourFullError, and what Azure and the records raise."""
    recent = _is_recent(at)
    facts = await at_azure(_read, app, image, recent)
    if recent and facts.created_time is None:
        raise RetryLaterError(f"{image}: its creation time is not known yet")
    request = _request_for(app, facts)
    await in_records(_check_not_restored, app.records, facts)
    await in_records(_check_new, app.records, facts, at)
    fingerprint = fingerprint_of(facts).value
    most = app.settings.event_starts_per_hour
    if not await in_records(app.records.take_start, most, clock.now()):
        raise HourFullError
    claimed = await in_records(claim, app, request, "eventGrid", fingerprint, requester=requester)
    if isinstance(claimed, Claimed):
        await start_orchestration(app.records, client, claimed.accepted)
        return
    # The same event may have been delivered twice at once.
    await in_records(_check_new, app.records, facts)
    raise RetryLaterError(f"{facts.id}: {claimed.accepted.id} is still migrating an older one")


def image_of(event: Any) -> ComputeId | None:
    """The image that an event is about, or None when it is about something else or cannot be read."""
    try:
        kind = getattr(event, "event_type", None) or getattr(event, "type", None)
        data = event.get_json()
        operation = data.get("operationName", "") if isinstance(data, dict) else ""
        if kind != EVENT_TYPE or str(operation).lower() != OPERATION:
            return None
        return parse_image_id(str(data.get("resourceUri") or event.subject))
    except (ValueError, AttributeError, TypeError) as error:
        log.warning("an event that cannot be read was dropped: %s", type(error).__name__)
        return None


def requester_of(event: Any) -> Actor:
    """The event as who asked, with whoever wrote the image by the event's claims: they do not approve its deletion.
    Claims that cannot be read exclude nobody, and none permits anything."""
    data = event.get_json()
    claims = data.get("claims") if isinstance(data, dict) else None
    writer = str(claims.get(_WRITER, "")) if isinstance(claims, dict) else ""
    return Actor(
        kind=ActorKind.EVENT,
        id="eventGrid",
        label="Event Grid",
        owners=(writer.lower(),) if is_guid(writer) else (),
    )


def _time_of(event: Any) -> datetime | None:
    event_time = getattr(event, "event_time", None) or getattr(event, "time", None)
    return event_time.astimezone(UTC) if isinstance(event_time, datetime) else None


def _is_recent(at: datetime | None) -> bool:
    """Return True while Azure's list of resources may be behind the event: it alone has creation times, and without
    them an image that was made anew looks like the one before, and none is ever deleted."""
    return at is not None and clock.now() - at < LISTED_WITHIN


def _read(app: Dependencies, image: ComputeId, recent: bool) -> ImageFacts:
    try:
        facts = read_image_facts(app.arm, image)
    except ArmAnswerError as error:
        value = error.value
        if value.transient:
            raise
        if recent and value.status == FORBIDDEN:
            # Roles take minutes to spread.
            raise RetryLaterError(f"{image}: {value}") from error
        raise EventIgnoredError(
            f"Azure will not let it be read: {value}", logging.WARNING
        ) from error
    if facts is None:
        raise EventIgnoredError("the image is not there")
    if facts.provisioning_state in BUSY_STATES:
        raise RetryLaterError(f"{image} is {facts.provisioning_state}")
    return facts


def _request_for(app: Dependencies, facts: ImageFacts) -> MigrationRequest:
    try:
        request = request_for(facts, app.settings.event_grid_mapping)
        if request is not None:
            check_change_number(app, request)
    except InvalidRequestError as invalid:
        raise EventIgnoredError(
            f"its mapping makes no valid request: {invalid}", logging.WARNING
        ) from invalid
    if request is None:
        raise EventIgnoredError("no mapping entry covers it")
    return request


def _check_not_restored(records: MigrationRecords, facts: ImageFacts) -> None:
    """Raises EventIgnoredError when we have made this image again ourselves."""
    for restore in records.restores_of(image_key(facts.id)):
        if made_by(restore, facts):
            raise EventIgnoredError(f"{restore.migration} has restored it")


def _check_new(records: MigrationRecords, facts: ImageFacts, at: datetime | None = None) -> None:
    """Raises EventIgnoredError when an attempt is about this very image: the newest, or one that has ended. One that
    has failed does not stand in the way of an event that came after."""
    key, fingerprint = image_key(facts.id), fingerprint_of(facts).value
    created = datetime.fromisoformat(facts.created_time) if facts.created_time else None
    latest = records.latest(key)
    if latest is None:
        return
    newest = records.snapshot(latest.id) or Snapshot(accepted=latest)
    for sighting in [newest.sighting, *records.sightings(key, fingerprint)]:
        if sighting.is_of(fingerprint, created) and not sighting.may_be_tried_again(at):
            raise EventIgnoredError(f"{sighting.migration} has it already")
