"""The frame of every HTTP handler: nobody gets through unless they are recognised and a table says that they may.

Outages and wrong settings become plain answers, a bug leaks nothing. Handlers do their work (records, Azure) in
threads: the worker's one event loop serves all of them. The wrong settings are named only to whoever brings a named
key, since without valid settings nobody else can be known.
"""

import logging
import os
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Concatenate, ParamSpec

import azure.functions as func

from domain.callers.access import refusal_of
from domain.callers.actors import Caller
from domain.callers.caller_settings import CallerSettings
from domain.callers.named_keys import caller_of_key
from domain.errors import InvalidRequestError
from domain.migration.requests import MAX_BODY_BYTES
from domain.settings import InvalidSettingsError
from records.store import RecordError
from services.dependencies import Dependencies, dependencies
from services.signing_keys import KeysUnavailableError
from services.threads import AzureBusyError
from triggers.http.bodies import LengthRequiredError
from triggers.http.callers import KEY_HEADER, UnrecognisedError, caller_of
from triggers.http.responses import problem_response, unavailable

P = ParamSpec("P")
Handler = Callable[Concatenate[func.HttpRequest, P], Awaitable[func.HttpResponse]]
Guarded = Callable[
    Concatenate[Dependencies, Caller, func.HttpRequest, P], Awaitable[func.HttpResponse]
]

log = logging.getLogger("gallery_migrator")


def guarded(handler: Guarded[P]) -> Handler[P]:
    """The handler, given what it needs and who asks, with the answers to what can go wrong anywhere. A handler that
    `domain/callers/access.py` does not name is closed to everybody."""

    @wraps(handler)
    async def answered(
        req: func.HttpRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> func.HttpResponse:
        try:
            if (size := len(req.get_body())) > MAX_BODY_BYTES:
                return problem_response(
                    413, f"The body has {size} bytes; at most {MAX_BODY_BYTES} are read."
                )
            app = dependencies()
            caller = await caller_of(app, req, handler.__name__)
            if refusal := refusal_of(handler.__name__, caller):
                return problem_response(403, refusal.text, rule=refusal.rule.value)
            return await handler(app, caller, req, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - each is told apart, and a bug is logged
            return _answer_to(error, req)

    return answered


def _answer_to(error: Exception, req: func.HttpRequest) -> func.HttpResponse:
    match error:
        case UnrecognisedError():
            return problem_response(401, str(error), headers={"WWW-Authenticate": "Bearer"})
        case InvalidRequestError():
            return problem_response(
                400, "Correct every field named in errors and send it again.", error.problems
            )
        case LengthRequiredError():
            return problem_response(411, str(error))
        case InvalidSettingsError():
            log.error("invalid settings: %s", error)
            return _settings_are_wrong(error, req)
    return _outage(error)


def _outage(error: Exception) -> func.HttpResponse:
    match error:
        case RecordError():
            log.warning("the records cannot be used: %s", error)
            return unavailable(
                "The app's records cannot be used now; try again. The app's log says why.",
                getattr(error, "retry_after", None),
            )
        case AzureBusyError():
            return unavailable(
                "Azure is slow, and too many callers wait for it already; try again.",
                error.retry_after,
            )
        case KeysUnavailableError():
            log.warning("nobody's token can be verified: %s", error)
            return unavailable("Tokens cannot be verified now; try again.", error.retry_after)
    log.error("an HTTP handler failed", exc_info=error)
    return problem_response(500, "This is a bug; the app's log has the details.")


def _settings_are_wrong(error: InvalidSettingsError, req: func.HttpRequest) -> func.HttpResponse:
    if _brings_a_key(req):
        return problem_response(500, "The app's settings are wrong.", error.problems)
    return problem_response(500, "The app's settings are wrong; its log names them.")


def _brings_a_key(req: func.HttpRequest) -> bool:
    """Return True if the request has a named key of the settings, whatever is wrong with the others."""
    try:
        keys = CallerSettings.model_validate({"named_keys": os.environ.get("NAMED_KEYS") or "[]"})
    except ValueError:
        return False
    return caller_of_key(req.headers.get(KEY_HEADER) or "", keys.named_keys) is not None
