"""`GET /api/health`: the app is up, and the sweep runs; whether Azure and the records answer is said beside it."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from typing import TypeVar

import azure.functions as func

import clock
from arm.errors import EXPECTED, error_of
from arm.requests import list_page, read_url
from domain.callers.actors import Caller
from domain.deletion.emergency_stop import EmergencyStop
from domain.punctuality import punctuality
from domain.schedules import parse_schedule
from domain.values import Json
from records.store import RecordError
from services.dependencies import Dependencies
from services.threads import at_azure, in_records
from triggers.http.emergency_stop import stop_of
from triggers.http.guard import guarded
from triggers.http.responses import json_response

T = TypeVar("T")

WITHIN_SECONDS = 10
_SUBSCRIPTIONS_API = "2022-12-01"
# The client asks for one; the request needs none.
_NO_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"


_STARTED = clock.now()


@guarded
async def health(app: Dependencies, _caller: Caller, req: func.HttpRequest) -> func.HttpResponse:
    """200 whenever the app is up, `degraded` while the sweep is overdue: all else goes on meanwhile."""
    (arm, _), (store, swept), (_, stop) = await asyncio.gather(
        _asked(at_azure(_ask_arm, app)),
        _asked(in_records(app.records.last_swept)),
        _asked(in_records(app.records.read_stop)),
    )
    sweep = _sweep(app, swept, known=store["answers"])
    status = "degraded" if sweep["overdue"] else "up"
    said = {"status": status, "arm": arm, "records": store, "sweep": sweep}
    return json_response(200, {**said, "deletion": _deletion(app, stop)})


def _deletion(app: Dependencies, stop: EmergencyStop | None) -> Json:
    """The deployment's own switches; `stopped` is null while the records do not say."""
    settings = app.settings
    by_setting = settings.deletion_stopped
    told = stop_of(stop or EmergencyStop(), by_setting=by_setting)
    known = told if stop is not None or by_setting else {**told, "stopped": None}
    return {
        "enabled": settings.deletion_enabled,
        "observed": settings.deletion_observed,
        **known,
    }


def _sweep(app: Dependencies, swept: datetime | None, *, known: bool) -> Json:
    schedule = parse_schedule(app.settings.sweep_schedule)
    sweep = punctuality(schedule, swept, _STARTED, clock.now()).model_dump(mode="json")
    return sweep if known else {**sweep, "overdue": None}


async def _asked(ask: Awaitable[T]) -> tuple[Json, T | None]:
    """Return whether somebody answers, in words for people, and the answer."""
    try:
        answer = await asyncio.wait_for(ask, WITHIN_SECONDS)
    except TimeoutError:
        return _silent(f"no answer within {WITHIN_SECONDS} seconds"), None
    except EXPECTED as error:
        return _silent(str(error_of(error))), None
    except RecordError as error:
        return _silent(str(error)), None
    return {"answers": True, "detail": None}, answer


def _silent(detail: str) -> Json:
    return {"answers": False, "detail": detail}


def _ask_arm(app: Dependencies) -> None:
    subscription = next(iter(app.settings.subscription_ids), _NO_SUBSCRIPTION)
    url = f"{app.arm.endpoint}/subscriptions?api-version={_SUBSCRIPTIONS_API}"
    list_page(read_url(app.arm.compute(subscription), url))
