"""Azure's region names: versions answer display names, replication status short ones.

Requests may use either form, in any case; `short` brings both to one.
"""

from __future__ import annotations

_DISPLAY = """
Australia Central; Australia Central 2; Australia East; Australia Southeast; Austria East;
Belgium Central; Brazil South; Brazil Southeast; Brazil US; Canada Central; Canada East;
Central India; Central US; Central US EUAP; Chile Central; Denmark East; East Asia; East US;
East US 2; East US 2 EUAP; France Central; France South; Germany North; Germany West Central;
Indonesia Central; Israel Central; Israel Northwest; Italy North; Japan East; Japan West;
Jio India Central; Jio India West; Korea Central; Korea South; Malaysia South; Malaysia West;
Mexico Central; New Zealand North; North Central US; North Europe; Norway East; Norway West;
Poland Central; Qatar Central; South Africa North; South Africa West; South Central US;
South India; Southeast Asia; Spain Central; Sweden Central; Sweden South; Switzerland North;
Switzerland West; Taiwan North; Taiwan Northwest; UAE Central; UAE North; UK South; UK West;
West Central US; West Europe; West India; West US; West US 2; West US 3
"""


def short(name: str) -> str:
    """Return the short form: `eastus2` for `East US 2` and for `EastUS2`."""
    return name.replace(" ", "").lower()


DISPLAY = {short(name): name for name in " ".join(_DISPLAY.split()).split("; ")}


def display(name: str) -> str:
    """Return the display name, which answers carry; an unknown region comes back as it was sent."""
    return DISPLAY.get(short(name), name)


def url_form(location: str) -> str:
    """Return the form in operation URLs: as sent, but EUAP regions in display casing."""
    key = short(location)
    return display(key).replace(" ", "") if key.endswith("euap") else key


# Regions without availability zones, where zone-redundant storage is not to be had.
ZONELESS = frozenset(
    [
        "australiacentral",
        "australiacentral2",
        "australiasoutheast",
        "brazilsoutheast",
        "canadaeast",
        "francesouth",
        "germanynorth",
        "jioindiacentral",
        "jioindiawest",
        "koreasouth",
        "northcentralus",
        "norwaywest",
        "southafricawest",
        "southindia",
        "swedensouth",
        "switzerlandwest",
        "uaecentral",
        "ukwest",
        "westcentralus",
        "westindia",
        "westus",
    ]
)
