"""Bounds of a page of the galleries."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import azure.functions as func
import pytest
from azure.core.paging import ItemPaged
from azure.mgmt.compute.models import Gallery

from tests.app import forget
from tests.credentials import HEADERS
from triggers.http.inventory import Budget, PageBudgetExceededError, list_images

pytestmark = pytest.mark.usefixtures("own_records")


def listing(pages: int) -> Callable[..., ItemPaged[Gallery]]:
    """A list that Azure gives in so many pages of one gallery."""

    def answer(token: Any) -> int:
        return int(token or 0)

    def taken_apart(page: int) -> tuple[str | None, Iterator[Gallery]]:
        following = str(page + 1) if page + 1 < pages else None
        return following, iter([Gallery({"name": f"g{page}"})])

    return lambda **_: ItemPaged(answer, taken_apart)


def test_every_page_of_azures_counts_as_a_call() -> None:
    """A list that was begun is read to its end; then nothing more is asked."""
    budget = Budget(3)
    assert [gallery["name"] for gallery in budget.read(listing(5))] == [f"g{n}" for n in range(5)]
    budget.came_forward()
    with pytest.raises(PageBudgetExceededError):
        budget.read(listing(1))


def test_calls_are_left_until_they_are_spent() -> None:
    """Two of three are spent, so one more list is read."""
    budget = Budget(3)
    budget.came_forward()
    budget.read(listing(2))
    assert len(budget.read(listing(1))) == 1
    with pytest.raises(PageBudgetExceededError):
        budget.read(listing(1))


def test_a_page_that_has_nothing_yet_goes_on() -> None:
    """Else its cursor would lead to the same place for ever."""
    budget = Budget(1)
    budget.read(listing(4))
    assert len(budget.read(listing(2))) == 2


def test_a_subscription_that_the_settings_have_wrong_is_not_the_callers_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A caller who sent no subscription is told which setting is wrong, and what to send meanwhile."""
    monkeypatch.setenv("SUBSCRIPTION_IDS", "Production")
    forget()

    async def whole() -> func.HttpResponse:
        return await list_images(func.HttpRequest("GET", "/api/images", headers=HEADERS, body=b""))

    response = asyncio.run(whole())
    forget()
    assert response.status_code == 400
    [error] = json.loads(response.get_body())["errors"]
    assert error["field"] == "subscriptionId"
    assert "SUBSCRIPTION_IDS" in error["message"]
    assert "Production" in error["message"]
