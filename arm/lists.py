"""Azure Resource Manager's lists, read page by page to their end, as plain JSON, and the limit of such a reading: a
list has no end that is known before, and a `nextLink` may lead round in a circle."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from arm.client import ArmClient
from arm.errors import ArmAnswerError
from arm.requests import check_missing, check_page, list_page, read_all, read_url
from domain.errors import MigratorError
from domain.values import Json

# A provider that a subscription never registered has no resources there:
# docs/platform-notes.md#lists-of-providers-that-are-not-registered
_NOT_REGISTERED = frozenset({"missingsubscriptionregistration"})


class ListTooLongError(MigratorError):
    """A reading has asked as long, or as often, as it may."""


class Patience:
    """A limit of seconds and of requests, shared by all that one reading asks. `now`: seconds that only grow."""

    def __init__(
        self, seconds: float, requests: int, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._now, self._ends = now, now() + seconds
        self._seconds, self._requests, self._asked = seconds, requests, 0

    @property
    def seconds_left(self) -> float:
        """Seconds until it ends, never less than none."""
        return max(0.0, self._ends - self._now())

    def spend(self) -> None:
        """Count a request that is about to be sent. Raises ListTooLongError."""
        self._asked += 1
        if self._asked > self._requests:
            raise ListTooLongError(f"more than {self._requests} requests")
        if not self.seconds_left:
            raise ListTooLongError(f"more than {self._seconds:g} seconds")


def read_list(
    arm: ArmClient, subscription: str, path: str, api: str, patience: Patience
) -> list[Json]:
    """Every element of the list at a path, by a plain request for each page. Raises ArmError, UnexpectedResponseError
    and ListTooLongError."""
    items: list[Json] = []
    url: str | None = f"{arm.endpoint}{path}?{urlencode({'api-version': api})}"
    while url:
        patience.spend()
        page = list_page(read_url(arm.compute(subscription), url))
        items += page["value"]
        url = page.get("nextLink")
    return items


def read_provider_list(
    arm: ArmClient, subscription: str, type_: str, api: str, patience: Patience
) -> list[Json]:
    """Every resource of a type in a subscription; none where its provider is not registered. Raises as `read_list`."""
    try:
        path = f"/subscriptions/{subscription}/providers/{type_}"
        return read_list(arm, subscription, path, api, patience)
    except ArmAnswerError as error:
        if error.by_arm and error.value.code.lower() in _NOT_REGISTERED:
            return []
        raise


def read_children(
    arm: ArmClient, parent: Json, child: str, api: str, patience: Patience
) -> list[Json]:
    """Every child of a resource; none if the resource has gone since it was listed. Raises as `read_list`."""
    where = str(parent["id"])
    try:
        return read_list(arm, where.split("/")[2], f"{where}/{child}", api, patience)
    except ArmAnswerError as error:
        check_missing(error)
        return []


def read_children_of_all(
    arm: ArmClient, subscription: str, type_: str, child: str, api: str, patience: Patience
) -> list[Json]:
    """Every child of every resource of a type in a subscription. Raises as `read_list`."""
    parents = read_provider_list(arm, subscription, type_, api, patience)
    return [
        element
        for parent in parents
        for element in read_children(arm, parent, child, api, patience)
    ]


def read_compute_list(patience: Patience, call: Callable[..., Any], *names: str) -> list[Json]:
    """Every element of a list of the compute SDK. Raises ArmError, UnexpectedResponseError and ListTooLongError."""

    def counted(response: Any) -> None:
        patience.spend()
        check_page(response)

    return read_all(call, *names, on_page=counted)


def read_compute_children(patience: Patience, call: Callable[..., Any], *names: str) -> list[Json]:
    """The same of a resource's children; none if it has gone since it was listed."""
    try:
        return read_compute_list(patience, call, *names)
    except ArmAnswerError as error:
        check_missing(error)
        return []
