"""The frame of every HTTP handler: outages and wrong settings become plain answers, a bug leaks nothing.

Handlers do their work (records, Azure) in threads: the worker's one event loop serves all of them.
"""

import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Concatenate, ParamSpec

import azure.functions as func

from domain.errors import InvalidRequestError, Problem
from domain.migration.requests import MAX_BODY_BYTES
from domain.settings import InvalidSettingsError
from records.store import RecordError
from services.dependencies import Dependencies, dependencies
from services.threads import AzureBusyError
from triggers.http.bodies import LengthRequiredError
from triggers.http.responses import problem_response, unavailable

P = ParamSpec("P")
Handler = Callable[P, Awaitable[func.HttpResponse]]
Needy = Callable[Concatenate[Dependencies, P], Awaitable[func.HttpResponse]]

log = logging.getLogger("gallery_migrator")


def handle_errors(handler: Needy[P]) -> Handler[P]:
    """The handler, given what it needs, with the answers to what can go wrong anywhere."""

    @wraps(handler)
    async def guarded(*args: P.args, **kwargs: P.kwargs) -> func.HttpResponse:
        try:
            if (size := _body_size(args)) > MAX_BODY_BYTES:
                return problem_response(
                    413, f"The body has {size} bytes; at most {MAX_BODY_BYTES} are read."
                )
            return await handler(dependencies(), *args, **kwargs)
        except InvalidRequestError as invalid:
            return problem_response(
                400, "Correct every field named in errors and send it again.", invalid.problems
            )
        except LengthRequiredError as lost:
            return problem_response(411, str(lost))
        except RecordError as outage:
            log.warning("the records cannot be used: %s", outage)
            return unavailable(
                "The app's records cannot be used now; try again. The app's log says why.",
                getattr(outage, "retry_after", None),
            )
        except AzureBusyError as busy:
            return unavailable(
                "Azure is slow, and too many callers wait for it already; try again.",
                busy.retry_after,
            )
        except InvalidSettingsError as invalid:
            log.error("invalid settings: %s", invalid)
            return problem_response(500, "The app's settings are wrong.", invalid.problems)
        except Exception:
            log.exception("an HTTP handler failed")
            return problem_response(500, "This is a bug; the app's log has the details.")

    return guarded


def _body_size(arguments: tuple[object, ...]) -> int:
    return sum(len(a.get_body()) for a in arguments if isinstance(a, func.HttpRequest))


def whole_number(text: str | None, field: str, *, default: int, low: int, high: int) -> int:
    """A query parameter that is a whole number. Raises InvalidRequestError."""
    if text is None or text == "":
        return default
    short = len(text) <= 9 and text.isascii() and text.isdigit()
    if not short or not low <= int(text) <= high:
        raise InvalidRequestError(
            [Problem(field=field, message=f"must be a whole number from {low} to {high}")]
        )
    return int(text)
