"""Managed disks (https://learn.microsoft.com/rest/api/compute/disks)."""

from datetime import datetime

from arm.client import ArmClient
from arm.errors import ArmAnswerError
from arm.groups import GROUP_MISSING
from arm.requests import ArmResponse, begin, check_missing, read
from domain.ids import ComputeId
from domain.values import Json


def read_disk_body(arm: ArmClient, disk: ComputeId) -> Json | None:
    """The disk's JSON, or None if it, or its group, is not there."""
    client = arm.compute(disk.subscription)
    try:
        return read(client.disks.get, disk.resource_group, disk.name)
    except ArmAnswerError as error:
        if error.value.code != GROUP_MISSING:
            check_missing(error)
        return None


def put_disk(arm: ArmClient, disk: ComputeId, body: Json, not_after: datetime) -> ArmResponse:
    """Send the disk's PUT and return at once. Raises NotSentError after the time that it is given."""
    make = arm.compute(disk.subscription).disks.begin_create_or_update
    return begin(make, disk.resource_group, disk.name, body=body, not_after=not_after)


def begin_disk_deletion(arm: ArmClient, disk: ComputeId, not_after: datetime) -> ArmResponse:
    """Send the disk's DELETE and return at once. Raises NotSentError after the time that it is given."""
    delete = arm.compute(disk.subscription).disks.begin_delete
    return begin(delete, disk.resource_group, disk.name, not_after=not_after)
