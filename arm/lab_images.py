"""Custom images of DevTest Labs (https://learn.microsoft.com/rest/api/dtl/custom-images).

Resource Graph has them in no table."""

from arm.client import ArmClient
from arm.lists import Patience, read_children_of_all
from domain.values import Json

_API = "2018-09-15"
_LABS = "Microsoft.DevTestLab/labs"


def read_lab_images(arm: ArmClient, subscription: str, patience: Patience) -> list[Json]:
    """The custom images of all labs of a subscription."""
    return read_children_of_all(arm, subscription, _LABS, "customImages", _API, patience)
