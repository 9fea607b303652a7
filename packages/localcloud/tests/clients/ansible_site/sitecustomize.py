"""Adds to azure-cli-core what azure.azcollection 3.12.0 calls there and 2.75.0 has not: a cloud read from its ARM.

Without it the collection knows Microsoft's own clouds only. Python runs this at its start where
PYTHONPATH names this folder.
"""

from __future__ import annotations

from typing import Any

import requests
from azure.cli.core import cloud


def get_cloud_from_metadata_endpoint(arm_endpoint: str) -> Any:
    """The cloud that an ARM's metadata endpoint tells of. Raises where it does not answer 200."""
    query = {"api-version": "2022-09-01"}
    told = requests.get(f"{arm_endpoint.rstrip('/')}/metadata/endpoints", query, timeout=60)
    told.raise_for_status()
    return cloud._arm_to_cli_mapper(told.json())


cloud.get_cloud_from_metadata_endpoint = get_cloud_from_metadata_endpoint
