"""Events about managed images: two schemas, ids without case; everything else is dropped."""

from __future__ import annotations

from typing import Any

import azure.functions as func
import pytest

from tests.builders import IMAGE_ID, NOW
from triggers.events.image_written import EVENT_TYPE, image_of


def event(data: Any = None, kind: str = EVENT_TYPE, subject: str = IMAGE_ID) -> func.EventGridEvent:
    """An event in Event Grid's own schema."""
    body: Any = {"operationName": "Microsoft.Compute/images/write", "resourceUri": IMAGE_ID}
    return func.EventGridEvent(
        id="1",
        data=body if data is None else data,
        topic="/subscriptions/x",
        subject=subject,
        event_type=kind,
        event_time=NOW,
        data_version="2",
    )


def data(**changes: Any) -> dict[str, Any]:
    body = {"operationName": "Microsoft.Compute/images/write", "resourceUri": IMAGE_ID}
    return {**body, **changes}


OTHERS: dict[str, func.EventGridEvent] = {
    "a deletion": event(kind="Microsoft.Resources.ResourceDeleteSuccess"),
    "a failed write": event(kind="Microsoft.Resources.ResourceWriteFailure"),
    "a virtual machine": event(data(operationName="Microsoft.Compute/virtualMachines/write")),
    "an image version": event(
        data(operationName="Microsoft.Compute/galleries/images/versions/write")
    ),
    "no operation": event({"resourceUri": IMAGE_ID}),
    "an operation that is a number": event(data(operationName=7)),
    "data that is a list": event([]),
    "data that is a text": event("x"),
    "an id that is none": event(data(resourceUri="web-2019"), subject="x"),
    "an id of another kind": event(data(resourceUri=IMAGE_ID.replace("images", "disks"))),
    "an id with something behind": event(data(resourceUri=IMAGE_ID + "/x")),
}


def test_a_written_image_is_known_by_its_id() -> None:
    """In the one form that compares."""
    image = image_of(
        event(data(resourceUri=IMAGE_ID.upper(), operationName="MICROSOFT.COMPUTE/IMAGES/WRITE"))
    )
    assert image is not None
    assert image.key == IMAGE_ID.lower()


def test_the_subject_counts_when_the_data_names_no_resource() -> None:
    """Both are the id."""
    image = image_of(event({"operationName": "Microsoft.Compute/images/write"}))
    assert str(image) == IMAGE_ID


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_anything_else_is_dropped(other: func.EventGridEvent) -> None:
    """Without an exception, so that it is never delivered for ever."""
    assert image_of(other) is None


def test_claims_are_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The person who wrote the image, and the address, stay out of the logs."""
    caplog.set_level("DEBUG")
    claims = {"name": "ada@example.org", "ipaddr": "203.0.113.7"}
    image_of(event(data(resourceUri="bad", claims=claims), subject="bad"))
    assert "dropped" in caplog.text
    assert "ada" not in caplog.text
    assert "203.0.113.7" not in caplog.text
