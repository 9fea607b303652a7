"""Subscriptions (https://learn.microsoft.com/rest/api/resources/subscriptions)."""

from arm.client import ArmClient
from arm.lists import Patience, read_list

_API = "2022-12-01"


def read_subscriptions(arm: ArmClient, asked_by: str, patience: Patience) -> list[str]:
    """The ids of all subscriptions that the identity sees, sorted. `asked_by`: one whose client is used."""
    listed = read_list(arm, asked_by, "/subscriptions", _API, patience)
    return sorted(str(body["subscriptionId"]).lower() for body in listed)
