"""Ids of resources of any provider: taken apart, or refused."""

from __future__ import annotations

import pytest

from domain.resource_ids import ResourceId, parse_resource_id

TEXT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/n"
PARTS = ("s", "g", "Microsoft.Network", "virtualNetworks", "n")


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("resourceGroups", "RESOURCEGROUPS")])
def test_an_id_is_taken_apart(text: str) -> None:
    """Azure's own words may be written in any case; the rest stays as it is."""
    assert parse_resource_id(text) == ResourceId(text, *PARTS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT.rpartition("/")[0],
        f"{TEXT}/subnets",
        f"{TEXT}/subnets/inner",
        TEXT.replace("subscriptions", "tenants"),
        TEXT.replace("resourceGroups", "groups"),
        TEXT.replace("providers", "resources"),
    ],
)
def test_anything_else_is_no_id(text: str) -> None:
    """A part too few or too many, or another word; it is told."""
    with pytest.raises(ValueError, match=f"'{text}' is no id of a resource in a group"):
        parse_resource_id(text)
