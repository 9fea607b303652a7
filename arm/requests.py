"""Calls of the compute client that give Azure's own JSON: models would drop what they do not know."""

from collections.abc import Callable
from typing import Any, NamedTuple

from arm.errors import ArmAnswerError, arm_errors
from domain.errors import UnexpectedResponseError
from domain.values import Json


class ArmResponse(NamedTuple):
    """A JSON body, the status and correlation id of the answer, and the address of the operation it began, if any."""

    body: Json
    status: int
    correlation_id: str | None
    operation_url: str | None


def read(call: Callable[..., Any], *names: str, **options: Any) -> Json:
    """The JSON of a resource. Raises ArmError and UnexpectedResponseError."""
    with arm_errors():
        response = call(*names, cls=_response, **options)
    return _told(response).body


def read_or_none(call: Callable[..., Any], *names: str, **options: Any) -> Json | None:
    """The JSON of a resource, or None if Azure answers 404."""
    try:
        return read(call, *names, **options)
    except ArmAnswerError as error:
        check_missing(error)
        return None


def check_missing(error: ArmAnswerError) -> None:
    """Raises the error unless it is a 404, and UnexpectedResponseError unless that is Resource Manager's own: a proxy's
    or a gateway's says nothing of the resource, nor does one about the subscription, which is asked for again."""
    if not error.missing:
        raise error
    if not error.by_arm:
        raise UnexpectedResponseError("a 404 that is not Azure Resource Manager's own") from error
    if "subscription" in error.value.code.lower():
        raise not_about_it(error) from error


def not_about_it(error: ArmAnswerError) -> ArmAnswerError:
    """The error of a 404 that says nothing of the resource: it may pass."""
    return ArmAnswerError(error.value.model_copy(update={"transient": True}), by_arm=error.by_arm)


def read_pages(call: Callable[..., Any], *names: str) -> list[list[Json]]:
    """The JSON of every element of a list, by page: each page was one request."""
    with arm_errors():
        pages = call(*names, raw_response_hook=check_page).by_page()
        return [[element.as_dict() for element in page] for page in pages]


def read_all(call: Callable[..., Any], *names: str) -> list[Json]:
    """The JSON of every element of a list."""
    return [element for page in read_pages(call, *names) for element in page]


def check_page(pipeline_response: Any) -> None:
    """A hook for lists: the SDK takes a success without a list (an error body, say) for an empty one."""
    response = pipeline_response.http_response
    if response.status_code < 300:
        list_page(response.json())


def list_page(page: Any) -> Json:
    """The JSON of a page of a list, which has its elements under `value`."""
    if not isinstance(page, dict) or not isinstance(page.get("value"), list):
        raise UnexpectedResponseError("a list without a value")
    return page


def begin(
    call: Callable[..., Any], *names: str, body: Json | None = None, **options: Any
) -> ArmResponse:
    """Send a write and return at once: the long-running operation is nobody's to wait for here."""
    seen: list[Any] = []
    given = (*names, body) if body is not None else names
    with arm_errors():
        call(*given, polling=False, raw_response_hook=seen.append, **options)
    if not seen:
        raise UnexpectedResponseError("the write was answered with nothing")
    return _told(seen[-1])


def _response(pipeline_response: Any, _model: Any, _headers: Any) -> Any:
    return pipeline_response


def _told(pipeline_response: Any) -> ArmResponse:
    response = pipeline_response.http_response
    try:
        body = response.json() if response.text() else {}
    except ValueError as error:
        raise UnexpectedResponseError(
            f"a {response.status_code} whose body is not JSON: {error}"
        ) from error
    if not isinstance(body, dict) or "error" in body:
        raise UnexpectedResponseError(f"a {response.status_code} with no resource in it")
    return ArmResponse(
        body,
        response.status_code,
        response.headers.get("x-ms-correlation-request-id"),
        response.headers.get("Azure-AsyncOperation"),
    )
