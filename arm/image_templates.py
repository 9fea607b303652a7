"""Image Builder templates (https://learn.microsoft.com/rest/api/imagebuilder/virtual-machine-image-templates)."""

from arm.client import ArmClient
from arm.lists import Patience, read_provider_list
from domain.values import Json

_API = "2024-02-01"
_TYPE = "Microsoft.VirtualMachineImages/imageTemplates"


def read_templates(arm: ArmClient, subscription: str, patience: Patience) -> list[Json]:
    """All templates of a subscription."""
    return read_provider_list(arm, subscription, _TYPE, _API, patience)
