"""An event that starts nothing is one line in the log that says why.

The line is written by the event loop's own thread: the Functions worker sends on what a function logs there, and
loses what is logged in a thread that the function began, since it does not know for which function that works.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import azure.functions as func
import pytest

from arm import images
from domain.migration.stages import Outcome
from tests import builders as b
from tests.activities.azure import Azure
from tests.app import forget, records
from tests.endings import end
from triggers.events.image_written import EVENT_TYPE, RetryLaterError, new_image

MAPPING = {
    "match": {"name": "ubuntu-*"},
    "galleryId": "/subscriptions/{subscriptionId}/resourceGroups/g/providers/Microsoft.Compute/galleries/g",
    "imageDefinition": {"name": "{imageName}", "publisher": "c", "offer": "o", "sku": "s"},
}


@pytest.fixture(autouse=True)
def mapped(monkeypatch: pytest.MonkeyPatch, app_settings: None) -> None:
    """Images of some names migrate by themselves."""
    monkeypatch.setenv("EVENT_GRID_MAPPING", json.dumps([MAPPING]))
    forget()


def tell(azure: Azure, hours_ago: float = 0) -> None:
    """An event about the image is delivered; whatever it starts waits for the sweep."""
    event = func.EventGridEvent(
        id="1",
        data={"operationName": "Microsoft.Compute/images/write", "resourceUri": azure.image_id},
        topic="/subscriptions/x",
        subject=azure.image_id,
        event_type=EVENT_TYPE,
        event_time=azure.time.now() - timedelta(hours=hours_ago),
        data_version="2",
    )
    nobody: Any = None
    asyncio.run(new_image(event, nobody))


def gone(azure: Azure) -> str:
    azure.delete_image()
    return "not there"


def forbidden(azure: Azure) -> str:
    azure.fault(method="GET", what="status", status=403, code="AuthorizationFailed")
    return "AuthorizationFailed"


def known(azure: Azure) -> str:
    return azure.accepted.id


def unmapped(azure: Azure) -> str:
    azure.image_id = str(azure.images["legacy-app"]["id"])
    return "no mapping entry"


@pytest.mark.parametrize("arrange", [gone, forbidden, known, unmapped])
def test_a_dropped_event_says_why(
    azure: Azure, caplog: pytest.LogCaptureFixture, arrange: Callable[[Azure], str]
) -> None:
    """And which image it was about; nothing is started."""
    why, before = arrange(azure), records().open_migrations()
    caplog.set_level("INFO", "gallery_migrator")
    tell(azure, hours_ago=2)
    [line] = [record for record in caplog.records if "dropped" in record.message]
    assert why in line.message
    assert azure.image_id.rsplit("/", 1)[-1] in line.message
    assert line.thread == threading.get_ident()
    assert records().open_migrations() == before


def test_13_an_image_that_may_not_be_read_yet_is_asked_for_again(azure: Azure) -> None:
    """Its event met a 403, since roles take minutes to spread: Event Grid delivers it again, and it starts."""
    azure.image_id = str(azure.images["ubuntu-base"]["id"])
    end(records(), azure.accepted, b.an_end(Outcome.CANCELLED))
    azure.time.advance(hours=1)
    azure.recreate_image()
    forbidden(azure)
    with pytest.raises(RetryLaterError, match="AuthorizationFailed"):
        tell(azure)
    azure.well()
    tell(azure)
    assert len(records().open_migrations()) == 1


def test_a_creation_time_that_is_not_listed_yet_is_waited_for(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Azure's list is behind an image that was just made; without its creation time it would never be deleted."""
    azure.image_id = str(azure.images["ubuntu-base"]["id"])
    end(records(), azure.accepted, b.an_end(Outcome.FAILED))
    azure.time.advance(hours=1)
    azure.recreate_image()
    with monkeypatch.context() as behind:
        behind.setattr(images, "_created_time", lambda *_: None)
        with pytest.raises(RetryLaterError, match="creation time"):
            tell(azure)
    assert records().open_migrations() == []
    tell(azure)
    assert len(records().open_migrations()) == 1


def test_a_creation_time_that_is_never_listed_is_not_waited_for_for_ever(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an hour the image migrates without; it is kept then, whoever approves."""
    azure.image_id = str(azure.images["web-2019"]["id"])
    monkeypatch.setenv("EVENT_GRID_MAPPING", json.dumps([MAPPING | {"match": {}}]))
    forget()
    monkeypatch.setattr(images, "_created_time", lambda *_: None)
    tell(azure, hours_ago=2)
    assert len(records().open_migrations()) == 2
