"""Management locks (https://learn.microsoft.com/rest/api/resources/management-locks).

Which locks a list at a scope has is told in different ways: those below it certainly, those above it perhaps. So it is
asked for at all three levels that an image can inherit from (docs/platform-notes.md#locks).
"""

from arm.client import ArmClient
from arm.lists import Patience, read_list
from domain.ids import ComputeId
from domain.values import Json

_API = "2020-05-01"


def lock_scopes(image: ComputeId) -> tuple[str, str, str]:
    """The image's subscription, its group, and itself."""
    subscription = f"/subscriptions/{image.subscription}"
    return subscription, f"{subscription}/resourceGroups/{image.resource_group}", image.text


def read_locks(arm: ArmClient, scope: str, patience: Patience) -> list[Json]:
    """The locks that Azure lists at a scope."""
    path = f"{scope}/providers/Microsoft.Authorization/locks"
    return read_list(arm, scope.split("/")[2], path, _API, patience)
