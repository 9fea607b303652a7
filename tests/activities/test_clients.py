"""Compute clients: kept for the subscriptions in use, however many a caller invents."""

from __future__ import annotations

import gc
import uuid
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event
from typing import Any

import pytest
from azure.core.pipeline.transport import RequestsTransport

from arm.client import MOST_CLIENTS
from arm.errors import ArmError
from arm.images import read_image_facts
from domain.ids import parse_image_id
from tests.activities.azure import Azure
from tests.app import app


def ask_for(number: int, azure: Azure) -> weakref.ref[Any]:
    """A call for a subscription that somebody made up, by the client that is made for it."""
    invented = str(uuid.UUID(int=number))
    image = azure.image_id.replace(parse_image_id(azure.image_id).subscription, invented)
    # Any answer will do.
    with suppress(ArmError):
        read_image_facts(app().arm, parse_image_id(image))
    return weakref.ref(app().arm.compute(invented))


def test_clients_of_invented_subscriptions_do_not_stay(azure: Azure) -> None:
    """A bounded number is kept, the connections of the others with them."""
    made = [ask_for(number, azure) for number in range(MOST_CLIENTS + 20)]
    gc.collect()
    assert sum(client() is not None for client in made) == MOST_CLIENTS
    assert all(client() is not None for client in made[-MOST_CLIENTS:])


def test_the_client_in_use_stays(azure: Azure) -> None:
    """A client that is used now and then is not put out by many new ones."""
    mine = weakref.ref(app().arm.compute(parse_image_id(azure.image_id).subscription))
    for number in range(2 * MOST_CLIENTS):
        app().arm.compute(str(uuid.UUID(int=number)))
        assert app().arm.compute(parse_image_id(azure.image_id).subscription) is mine()


def test_a_call_under_way_outlives_its_client_s_place(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client is dropped, and not closed under whoever works with it."""
    begun, dropped = Event(), Event()
    really = RequestsTransport.send

    def late(transport: RequestsTransport, request: Any, **options: Any) -> Any:
        begun.set()
        assert dropped.wait(30)
        return really(transport, request, **options)

    monkeypatch.setattr(RequestsTransport, "send", late)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(read_image_facts, app().arm, parse_image_id(azure.image_id))
        assert begun.wait(30)
        for number in range(MOST_CLIENTS):
            app().arm.compute(str(uuid.UUID(int=number)))
        gc.collect()
        assert app().arm.compute.cache_info().misses == MOST_CLIENTS + 1
        dropped.set()
        facts = call.result(30)
    assert facts is not None
