"""Image versions (https://learn.microsoft.com/rest/api/compute/gallery-image-versions): begin one and return at once,
look at its replication, promote it."""

from typing import Any

from activities import arm
from activities.arm_errors import error_of
from activities.clients import compute
from activities.configuration import records
from activities.images import read_image_facts
from activities.steps import StepInput, step
from migration import answers
from migration.bodies import promotion_body
from migration.facts import NoFact, VersionFacts, version_facts
from migration.fingerprint import fingerprint_of, made_from, same_as_far_as_known
from migration.names import ComputeId, parse_gallery_id, parse_image_id
from migration.polling import VersionReading, version_reading
from migration.wire import Json


class VersionStep(StepInput):
    """Which version of which definition of which gallery."""

    gallery_id: str
    definition: str
    version: str


class StartVersion(VersionStep):
    """The body to create it with, and what it must be made from."""

    image_id: str
    fingerprint: str
    body: Json


class ReadReplication(VersionStep):
    """`operation_url`: Azure's operation, asked for its error text when the version has failed."""

    operation_url: str | None = None


class PromoteVersion(VersionStep):
    """What `excludeFromLatest` shall be, and what the version must be made from."""

    exclude_from_latest: bool
    image_id: str = ""
    fingerprint: str = ""


def read_version_body(gallery: ComputeId, definition: str, version: str) -> Json | None:
    """The version's JSON with its replication status, or None if it is not there."""
    client = compute(gallery.subscription)
    return arm.read_or_none(
        client.gallery_image_versions.get,
        gallery.resource_group,
        gallery.name,
        definition,
        version,
        expand="ReplicationStatus",
    )


def read_versions(gallery: ComputeId, definition: str) -> tuple[VersionFacts, ...]:
    """All versions of a definition."""
    client = compute(gallery.subscription)
    found = arm.read_all(
        client.gallery_image_versions.list_by_gallery_image,
        gallery.resource_group,
        gallery.name,
        definition,
    )
    return tuple(version_facts(body) for body in found)


@step(StartVersion)
def start_version(given: StartVersion) -> Json:
    """Send the version's PUT unless it is there already and ours.

    `VersionNameTaken` when the name belongs to something else, `ImageChanged` when the image is no longer what was
    planned. Running twice sends the same body under the same name at most twice, which Azure takes as an update.
    """
    gallery = parse_gallery_id(given.gallery_id)
    there = read_version_body(gallery, given.definition, given.version)
    if there is not None:
        return _taken_up(given, version_facts(there))
    image = read_image_facts(parse_image_id(given.image_id))
    if image is None or not same_as_far_as_known(fingerprint_of(image).value, given.fingerprint):
        return answers.failed(
            answers.AzureError(
                code="ImageChanged",
                message="the managed image is gone or was made anew since it was planned; start again",
            )
        )
    told = _put(given, given.body)
    return answers.done({"created": True, "operationUrl": told.operation_url}, told.correlation_id)


def _put(given: VersionStep, body: Json) -> arm.Told:
    gallery = parse_gallery_id(given.gallery_id)
    return arm.begin(
        compute(gallery.subscription).gallery_image_versions.begin_create_or_update,
        gallery.resource_group,
        gallery.name,
        given.definition,
        given.version,
        body=body,
    )


def _taken_up(given: StartVersion, there: VersionFacts) -> Json:
    if made_from(there, given.image_id, given.fingerprint):
        return answers.done({"created": False, "operationUrl": None})
    return answers.failed(
        answers.AzureError(
            code="VersionNameTaken",
            message=f"version {given.version} exists and was made from {there.source_id or 'something else'}",
        )
    )


@step(ReadReplication)
def read_replication(given: ReadReplication) -> Json:
    """A VersionReading; regions are written to the records when they have changed."""
    gallery = parse_gallery_id(given.gallery_id)
    body = read_version_body(gallery, given.definition, given.version)
    if body is None:
        return answers.done(VersionReading(found=False).to_wire())
    reading = version_reading(body)
    if reading.provisioning_state == "Failed" and given.operation_url:
        reading = _with_operation_error(reading, gallery, given.operation_url)
    records().write_regions(given.migration_id, reading.regions)
    return answers.done(reading.to_wire())


@step(PromoteVersion)
def promote_version(given: PromoteVersion) -> Json:
    """Set `excludeFromLatest`: the version as read with only that flag changed. Nothing is sent if it is so already."""
    gallery = parse_gallery_id(given.gallery_id)
    body = read_version_body(gallery, given.definition, given.version)
    if body is None:
        return answers.failed(
            answers.AzureError(code="VersionNotFound", message="the version is gone")
        )
    there = version_facts(body)
    if given.fingerprint and not made_from(there, given.image_id, given.fingerprint):
        message = (
            "the version is not the one that was made from this image any more; it is left alone"
        )
        return answers.failed(answers.AzureError(code="VersionNotOurs", message=message))
    if there.exclude_from_latest == given.exclude_from_latest:
        return answers.done({"changed": False, "operationUrl": None})
    told = _put(given, promotion_body(body, given.exclude_from_latest))
    return answers.done({"changed": True, "operationUrl": told.operation_url}, told.correlation_id)


def _with_operation_error(reading: VersionReading, gallery: ComputeId, url: str) -> VersionReading:
    """Azure's own code and text. The address is used to the letter: it is signed (arm.md section 1)."""
    error = operation_error(gallery, url)
    if error is None:
        return reading
    return reading.model_copy(
        update={"error_code": error.get("code"), "error_message": error.get("message")}
    )


def operation_error(owner: ComputeId, url: str) -> Json | None:
    """The error of a long-running operation that has failed; None if it has not, or cannot be read any more."""
    from azure.core.exceptions import HttpResponseError
    from azure.core.rest import HttpRequest

    response = compute(owner.subscription).send_request(HttpRequest("GET", url))
    try:
        response.raise_for_status()
        result: Any = response.json()
    except HttpResponseError as error:
        # The same token has just read the resource: a 401 is about the address, which is signed for a time.
        if error_of(error).transient and error.status_code != 401:
            raise
        return None
    except ValueError as error:
        raise NoFact(f"an operation that is not JSON: {error}") from error
    found = result.get("error") if isinstance(result, dict) else None
    return found if isinstance(found, dict) else None
