"""An event that starts nothing is one line in the log that says why.

The line is written by the event loop's own thread: the Functions worker sends on what a function logs there, and
loses what is logged in a thread that the function began, since it does not know for which function that works.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import azure.functions as func
import pytest

from activities import configuration
from activities.configuration import records
from tests.activities.azure import Azure
from triggers.new_image import EVENT_TYPE, new_image

MAPPING = {
    "match": {"name": "ubuntu-*"},
    "galleryId": "/subscriptions/{subscriptionId}/resourceGroups/g/providers/Microsoft.Compute/galleries/g",
    "imageDefinition": {"name": "{imageName}", "publisher": "c", "offer": "o", "sku": "s"},
}


@pytest.fixture(autouse=True)
def mapped(monkeypatch: pytest.MonkeyPatch, app_settings: None) -> None:
    """Images of some names migrate by themselves."""
    monkeypatch.setenv("EVENT_GRID_MAPPING", json.dumps([MAPPING]))
    configuration.settings.cache_clear()


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
    event = func.EventGridEvent(
        id="1",
        data={"operationName": "Microsoft.Compute/images/write", "resourceUri": azure.image_id},
        topic="/subscriptions/x",
        subject=azure.image_id,
        event_type=EVENT_TYPE,
        event_time=azure.time.now(),
        data_version="2",
    )
    nobody: Any = None
    asyncio.run(new_image(event, nobody))
    [line] = [record for record in caplog.records if "dropped" in record.message]
    assert why in line.message
    assert azure.image_id.rsplit("/", 1)[-1] in line.message
    assert line.thread == threading.get_ident()
    assert records().open_migrations() == before
