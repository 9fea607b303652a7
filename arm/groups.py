"""Resource groups (https://learn.microsoft.com/rest/api/resources/resource-groups): whether one is there."""

from arm.client import ArmClient
from arm.errors import ArmAnswerError
from arm.requests import read_url

GROUP_MISSING = "ResourceGroupNotFound"
_RESOURCES_API = "2021-04-01"


def group_is_gone(arm: ArmClient, subscription: str, group: str) -> bool:
    """Return True if Azure, asked for the group itself, says that there is none. Raises ArmError."""
    url = f"{arm.endpoint}/subscriptions/{subscription}/resourcegroups/{group}?api-version={_RESOURCES_API}"
    try:
        read_url(arm.compute(subscription), url)
    except ArmAnswerError as error:
        if error.missing and error.value.code == GROUP_MISSING:
            return True
        raise
    return False
