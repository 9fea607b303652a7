"""Calls of the compute client that give Azure's own JSON: models would drop what they do not know.

A status code is an answer. Only a connection that fails under a GET is tried again, at once; a write is sent once.
Nothing goes to any host but the configured one, whose answers and the app's records name further addresses.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from arm.errors import ArmAnswerError, arm_error
from domain.errors import UnexpectedResponseError
from domain.values import Json

if TYPE_CHECKING:
    from azure.core.pipeline.policies import SansIOHTTPPolicy
    from azure.mgmt.compute import ComputeManagementClient

T = TypeVar("T")

GET_TRIES = 3
_PORTS = {"https": 443, "http": 80}


class ArmResponse(NamedTuple):
    """A JSON body, the status and correlation id of the answer, and the address of the operation it began, if any."""

    body: Json
    status: int
    correlation_id: str | None
    operation_url: str | None


def read(call: Callable[..., Any], *names: str, **options: Any) -> Json:
    """The JSON of a resource. Raises ArmError and UnexpectedResponseError."""
    return _told(ask(lambda: call(*names, cls=_response, **options), GET_TRIES)).body


def same_host(url: str, endpoint: str) -> bool:
    """Return True if an address is of the endpoint's own scheme, host and port, and names no user before the host."""
    try:
        asked, home = urlsplit(url), urlsplit(endpoint)
        one, other = (
            (part.scheme, part.hostname, part.port or _PORTS.get(part.scheme))
            for part in (asked, home)
        )
    except ValueError:
        return False
    return one == other and asked.username is None and asked.password is None


def own_host_only(endpoint: str) -> "SansIOHTTPPolicy[Any, Any]":
    """The policy that sends nothing to any host but the configured one: behind it the token is added, and whoever gets
    it may do what the app may. What it stops fails as a request that could not be sent."""
    from azure.core.exceptions import AzureError
    from azure.core.pipeline import policies

    class OwnHostOnly(policies.SansIOHTTPPolicy[Any, Any]):
        def on_request(self, request: Any) -> None:
            if not same_host(request.http_request.url, endpoint):
                raise AzureError("a request for another host than ARM_ENDPOINT was not sent")

    return OwnHostOnly()


def read_url(client: "ComputeManagementClient", url: str) -> Any:
    """The JSON at an address. Raises ArmError and UnexpectedResponseError."""
    from azure.core.rest import HttpRequest

    def get() -> Any:
        response = client.send_request(HttpRequest("GET", url))
        response.raise_for_status()
        return response.json()

    return ask(get, GET_TRIES)


def post_url(client: "ComputeManagementClient", url: str, body: Json) -> tuple[Any, Any]:
    """The JSON and the headers of the answer to a question that is asked by POST, which may be repeated as a GET may.
    Raises ArmError and UnexpectedResponseError."""
    from azure.core.rest import HttpRequest

    def post() -> tuple[Any, Any]:
        response = client.send_request(HttpRequest("POST", url, json=body))
        response.raise_for_status()
        return response.json(), response.headers

    return ask(post, GET_TRIES)


def ask(send: Callable[[], T], tries: int = 1) -> T:
    """Return what the SDK gives, after at most so many tries while the connection fails. Raises ArmError and
    UnexpectedResponseError."""
    from azure.core.exceptions import AzureError, ServiceRequestError, ServiceResponseError

    for left in range(tries - 1, -1, -1):
        try:
            return send()
        except (AzureError, ValueError, AttributeError, TypeError, KeyError) as error:
            if left and isinstance(error, ServiceRequestError | ServiceResponseError):
                continue
            raise arm_error(error) from error
    raise AssertionError("unreachable")


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


def check_page(pipeline_response: Any) -> None:
    """A hook for lists: the SDK takes a success without a list (an error body, say) for an empty one."""
    response = pipeline_response.http_response
    if response.status_code < 300:
        list_page(response.json())


def read_pages(
    call: Callable[..., Any], *names: str, on_page: Callable[[Any], None] = check_page
) -> list[list[Json]]:
    """The JSON of every element of a list, by page: each page was one request, whose answer `on_page` has checked."""

    def read() -> list[list[Json]]:
        pages = call(*names, raw_response_hook=on_page).by_page()
        return [[element.as_dict() for element in page] for page in pages]

    return ask(read, GET_TRIES)


def read_all(
    call: Callable[..., Any], *names: str, on_page: Callable[[Any], None] = check_page
) -> list[Json]:
    """The JSON of every element of a list."""
    return [element for page in read_pages(call, *names, on_page=on_page) for element in page]


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
    ask(lambda: call(*given, polling=False, raw_response_hook=seen.append, **options))
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
