"""Network interfaces and disks of a machine, by their ids: whether they are there, and their deletion.

Only for what a machine of ours brought along and Azure left behind.
"""

from arm.client import ArmClient
from arm.errors import ArmAnswerError
from arm.requests import ask, check_missing, read_url
from domain.resource_ids import ResourceId
from domain.values import Json

_API = {"microsoft.network": "2020-11-01", "microsoft.compute": "2024-03-02"}


def read_part(arm: ArmClient, part: ResourceId) -> Json | None:
    """Its JSON, or None if it is not there."""
    try:
        body: Json = read_url(arm.compute(part.subscription), _address(arm, part))
    except ArmAnswerError as error:
        check_missing(error)
        return None
    return body


def delete_part(arm: ArmClient, part: ResourceId) -> None:
    """Send its DELETE and return at once."""
    from azure.core.rest import HttpRequest

    def send() -> None:
        client = arm.compute(part.subscription)
        client.send_request(HttpRequest("DELETE", _address(arm, part))).raise_for_status()

    ask(send)


def _address(arm: ArmClient, part: ResourceId) -> str:
    return f"{arm.endpoint}{part.text}?api-version={_API[part.namespace.lower()]}"
