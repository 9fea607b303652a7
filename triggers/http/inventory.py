"""`GET /api/galleries` and `GET /api/images`: what there is, each page for a bounded number of ARM calls."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import azure.functions as func

from arm.client import ArmClient
from arm.errors import EXPECTED, error_of
from arm.images import read_page_of_images
from arm.requests import read_pages, same_host
from domain import inventory
from domain.callers.actors import Caller
from domain.errors import InvalidRequestError, Problem
from domain.ids import fold, is_guid, parse_gallery_id
from domain.values import Json
from services.dependencies import Dependencies
from services.threads import at_azure
from triggers.http.guard import guarded
from triggers.http.parameters import Query
from triggers.http.responses import json_response, problem_response

CALLS_PER_PAGE = 25
_DEFAULT_PAGE, _LONGEST_PAGE = 50, 500


class PageBudgetExceededError(Exception):
    """This page has asked Azure as often as a page may."""


class Budget:
    """Counts the calls of one page, each of Azure's own pages as one.

    A list that was begun is read to its end, and a page goes on until it has come forward: however long Azure's lists
    are, every cursor leads further.
    """

    def __init__(self, calls: int) -> None:
        self._left = calls
        self._forward = False

    def came_forward(self) -> None:
        """The page has something that its cursor can begin after."""
        self._forward = True

    def read(self, call: Callable[..., Any], *names: str) -> list[Json]:
        """A list of Azure's; raises PageBudgetExceededError when no call is left."""
        if self._left <= 0 and self._forward:
            raise PageBudgetExceededError
        pages = read_pages(call, *names)
        self._left -= len(pages)
        return [element for page in pages for element in page]


@guarded
async def list_galleries(
    app: Dependencies, _caller: Caller, req: func.HttpRequest
) -> func.HttpResponse:
    """Rows of gallery, image definition and image version, in order of their names."""
    subscriptions, limit, cursor = _asked(app, req)
    return await _page(
        req, "galleries", lambda: _gallery_page(app.arm, subscriptions, limit, cursor)
    )


@guarded
async def list_images(
    app: Dependencies, _caller: Caller, req: func.HttpRequest
) -> func.HttpResponse:
    """Managed images, by resource group within each page that Azure gives."""
    subscriptions, limit, cursor = _asked(app, req)
    return await _page(req, "images", lambda: _image_page(app.arm, subscriptions, limit, cursor))


async def _page(req: func.HttpRequest, name: str, read: Any) -> func.HttpResponse:
    try:
        rows, cursor = await at_azure(read)
    except EXPECTED as error:
        value = error_of(error)
        if not value.transient and req.params.get("subscriptionId"):
            problem_with_it = Problem(
                field="subscriptionId", message=f"Azure will not list it: {value}"
            )
            raise InvalidRequestError([problem_with_it]) from error
        return problem_response(502, f"Azure answered: {value}", headers={"Retry-After": "30"})
    return json_response(200, {name: rows, "cursor": _encode(cursor) if cursor else None})


def _asked(app: Dependencies, req: func.HttpRequest) -> tuple[list[str], int, list[Any]]:
    query = Query(req.params, ("subscriptionId", "limit", "cursor"))
    limit = query.number("limit", default=_DEFAULT_PAGE, low=1, high=_LONGEST_PAGE)
    one = query.text("subscriptionId")
    subscriptions = [one] if one else list(app.settings.subscription_ids)
    if not subscriptions:
        query.refuse("subscriptionId", "is required, since the settings name no SUBSCRIPTION_IDS")
    elif wrong := [text for text in subscriptions if not is_guid(text)]:
        theirs = f"is required, since SUBSCRIPTION_IDS in the settings has '{wrong[0]}', no GUID"
        query.refuse("subscriptionId", "must be a GUID" if one else theirs)
    cursor = _decode(query.text("cursor"))
    if cursor is None:
        query.refuse("cursor", "must be the cursor of an earlier page")
    query.check()
    return subscriptions, limit, cursor or []


def _encode(cursor: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(cursor).encode()).decode()


def _decode(text: str) -> list[Any] | None:
    """The cursor, or None if it is none."""
    try:
        cursor = json.loads(base64.urlsafe_b64decode(text)) if text else []
    except (ValueError, RecursionError):
        return None
    well_formed = isinstance(cursor, list) and (
        not cursor or (len(cursor) == 4 and isinstance(cursor[0], int) and cursor[0] >= 0)
    )
    return cursor if well_formed else None


def _not_a_cursor() -> InvalidRequestError:
    return InvalidRequestError(
        [Problem(field="cursor", message="must be the cursor of an earlier page")]
    )


def _gallery_page(
    arm: ArmClient, subscriptions: list[str], limit: int, cursor: list[Any]
) -> tuple[list[Json], list[Any] | None]:
    rows: list[Json] = []
    start = inventory.Position.parse(cursor)
    done = start
    budget = Budget(CALLS_PER_PAGE)
    try:
        for position, row in _walk(arm, subscriptions, start, budget):
            if len(rows) == limit:
                return rows, done.cursor()
            budget.came_forward()
            rows += [row] if row else []
            done = position
    except PageBudgetExceededError:
        return rows, done.cursor()
    return rows, None


def _walk(
    arm: ArmClient, subscriptions: list[str], start: inventory.Position, budget: Budget
) -> Iterator[tuple[inventory.Position, Json | None]]:
    """Every row after `start` with its position; None marks a definition that is through without a row."""
    for number in range(start.subscription, len(subscriptions)):
        client = arm.compute(subscriptions[number])
        for gallery in sorted(
            budget.read(client.galleries.list), key=lambda body: fold(str(body["id"]))
        ):
            where = parse_gallery_id(str(gallery["id"]))
            here = inventory.Position(number, where.key)
            if start.is_past_gallery(here):
                continue
            definitions = budget.read(
                client.gallery_images.list_by_gallery, where.resource_group, where.name
            )
            if not definitions:
                yield from start.after([(here.through(), inventory.gallery_row(gallery))])
            for definition in sorted(definitions, key=lambda body: str(body["name"]).lower()):
                there = inventory.Position(number, where.key, str(definition["name"]).lower())
                if start.is_past_definition(there):
                    continue
                versions = budget.read(
                    client.gallery_image_versions.list_by_gallery_image,
                    where.resource_group,
                    where.name,
                    str(definition["name"]),
                )
                yield from start.after(inventory.version_rows(there, gallery, definition, versions))


def _image_page(
    arm: ArmClient, subscriptions: list[str], limit: int, cursor: list[Any]
) -> tuple[list[Json], list[Any] | None]:
    """The cursor holds subscription number, Azure's own next page, and how far into it the last page went."""
    number, token, offset, _ = cursor or [0, None, 0, 0]
    if (
        type(offset) is not int
        or offset < 0
        or not _is_next_page(arm.endpoint, token, subscriptions[number:])
    ):
        raise _not_a_cursor()
    rows: list[Json] = []
    for _call in range(CALLS_PER_PAGE):
        if number >= len(subscriptions):
            return rows, None
        bodies, following = read_page_of_images(arm, subscriptions[number], token)
        images = inventory.image_rows(bodies)
        taken = images[offset : offset + limit - len(rows)]
        rows += taken
        offset += len(taken)
        if offset < len(images):
            return rows, [number, token, offset, 0]
        token, offset = following, 0
        number += 0 if token else 1
        if len(rows) == limit:
            break
    return rows, [number, token, 0, 0] if number < len(subscriptions) else None


def _is_next_page(endpoint: str, token: object, subscriptions: list[str]) -> bool:
    """Return True if a cursor's address is one that Azure could have given: anyone can write a cursor, and the app
    reads that address with its own rights. Of the list of images of the subscription, on Azure's own host, and no
    other."""
    if token is None:
        return True
    if not isinstance(token, str) or not subscriptions:
        return False
    images = f"/subscriptions/{subscriptions[0]}/providers/microsoft.compute/images"
    return same_host(token, endpoint) and fold(urlsplit(token).path) == fold(images)
