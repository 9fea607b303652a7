"""The real compute SDK as the client of an emulated cloud."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from azure.identity import ManagedIdentityCredential
from azure.mgmt.compute import ComputeManagementClient

from packages.localcloud.tests.arm.driving import GROUP, Driver

# `begin_...` returns after the first answer.
NOW: dict[str, Any] = {"polling": False}
REGION = "eastus2"


@contextmanager
def compute_client(arm: Driver) -> Iterator[ComputeManagementClient]:
    """A client with the cloud's managed identity, for the first subscription; it does not retry."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("IDENTITY_ENDPOINT", arm.cloud.identity_endpoint)
        environment.setenv("IDENTITY_HEADER", arm.cloud.identity_header)
        with ComputeManagementClient(
            ManagedIdentityCredential(),
            arm.cloud.subscription_ids[0],
            base_url=arm.cloud.url,
            credential_scopes=["https://management.azure.com/.default"],
            connection_verify=str(arm.cloud.ca_file),
            retry_total=0,
        ) as client:
            yield client


def storage(image: str, **os_disk: Any) -> dict[str, Any]:
    """The storage profile of a machine, or of a set's model, made from an image."""
    disk = {"createOption": "FromImage", "caching": "ReadWrite"} | os_disk
    return {"imageReference": {"id": image}, "osDisk": disk}


def scale_set(image: str, capacity: int, **properties: Any) -> dict[str, Any]:
    """The body of a scale set of machines from an image."""
    profile = {"storageProfile": storage(image), "osProfile": {"computerNamePrefix": "web"}}
    inner = {"upgradePolicy": {"mode": "Manual"}, "virtualMachineProfile": profile} | properties
    sku = {"name": "Standard_D2s_v5", "tier": "Standard", "capacity": capacity}
    return {"location": REGION, "sku": sku, "properties": inner}


def instances(client: ComputeManagementClient, name: str) -> dict[str, tuple[str, bool | None]]:
    """The machines of a set: by instance id, the image of each and whether it has the latest model."""
    found: dict[str, tuple[str, bool | None]] = {}
    for machine in client.virtual_machine_scale_set_vms.list(GROUP, name):
        # The SDK says that all of it may be missing.
        properties: Any = machine.properties
        image = properties.storage_profile.image_reference.id
        found[str(machine.instance_id)] = (image, properties.latest_model_applied)
    return found
