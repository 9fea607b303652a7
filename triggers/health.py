"""`GET /api/health`: the app is up; whether Azure Resource Manager and the records answer is said beside it."""

import asyncio
from collections.abc import Callable

import azure.functions as func
from azure.core.exceptions import AzureError

from activities import arm
from activities.arm_errors import error_of
from activities.clients import compute
from activities.configuration import records, settings
from migration.facts import NoFact
from migration.wire import Json
from records.store import RecordError
from triggers.edge import edge, run
from triggers.problems import answer

WITHIN_SECONDS = 10
_SUBSCRIPTIONS_API = "2022-12-01"
_NO_SUBSCRIPTION = (
    "00000000-0000-0000-0000-000000000000"  # the client asks for one; the request needs none
)


@edge
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """200 whenever the app is up."""
    arm, store = await asyncio.gather(_asked(_ask_arm), _asked(_ask_records))
    return answer(200, {"status": "up", "arm": arm, "records": store})


async def _asked(ask: Callable[[], None]) -> Json:
    try:
        await asyncio.wait_for(run(ask), WITHIN_SECONDS)
    except TimeoutError:
        return {"answers": False, "detail": f"no answer within {WITHIN_SECONDS} seconds"}
    except (AzureError, NoFact) as error:
        return {"answers": False, "detail": str(error_of(error))}
    except RecordError as error:
        return {"answers": False, "detail": str(error)}
    return {"answers": True, "detail": None}


def _ask_arm() -> None:
    from azure.core.rest import HttpRequest

    subscription = next(iter(settings().subscription_ids), _NO_SUBSCRIPTION)
    url = f"{settings().arm_endpoint}/subscriptions?api-version={_SUBSCRIPTIONS_API}"
    response = compute(subscription).send_request(HttpRequest("GET", url))
    response.raise_for_status()
    arm.list_page(response)


def _ask_records() -> None:
    records().open_migrations()
