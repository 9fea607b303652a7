"""Subscriptions and tenants, the regions of a subscription, its resource providers."""

from __future__ import annotations

from localcloud.arm.protocol import versionlists
from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.regions import DISPLAY
from localcloud.arm.state.model import Json

_PROVIDER_TYPES = {
    "microsoft.compute": [
        *(
            (kind.partition("/")[2], versions[::-1])
            for kind, versions in versionlists.SUPPORTED.items()
            if not kind.endswith("/share")
        ),
        ("virtualMachines", ["2026-04-01", "2024-07-01"]),
        ("disks", ["2026-03-02", "2024-03-02"]),
        ("snapshots", ["2026-03-02", "2024-03-02"]),
    ],
    "microsoft.network": [
        ("virtualNetworks", ["2024-05-01", "2022-01-01"]),
        ("virtualNetworks/subnets", ["2024-05-01", "2022-01-01"]),
        ("networkInterfaces", ["2024-05-01", "2022-01-01"]),
    ],
}


def subscription(call: Call, tenant: str) -> Json:
    """One subscription, as `az account list` reads it."""
    name = call.target.subscription
    return subscription_body(name, tenant)


def subscription_body(name: str, tenant: str) -> Json:
    """Its body in lists and alone."""
    return {
        "id": f"/subscriptions/{name}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": name,
        "tenantId": tenant,
        "displayName": "Local cloud",
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def tenant_body(tenant: str) -> Json:
    """Return the JSON of the one tenant."""
    return {
        "id": f"/tenants/{tenant}",
        "tenantId": tenant,
        "countryCode": "US",
        "displayName": "Local cloud",
        "domains": ["local.onmicrosoft.com"],
        "tenantCategory": "Home",
        "defaultDomain": "local.onmicrosoft.com",
        "tenantType": "AAD",
    }


def locations(call: Call) -> Json:
    """The regions of a subscription."""
    scope = f"/subscriptions/{call.target.subscription}/locations/"
    return {
        "value": [
            {
                "id": scope + key,
                "name": key,
                "type": "Region",
                "displayName": name,
                "regionalDisplayName": name,
                "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
            }
            for key, name in DISPLAY.items()
        ]
    }


def provider(call: Call, namespace: str) -> Json:
    """A registered resource provider with the types clients look for."""
    types = _PROVIDER_TYPES.get(namespace.lower(), [])
    return {
        "id": f"/subscriptions/{call.target.subscription}/providers/{namespace}",
        "namespace": namespace,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": "Registered",
        "resourceTypes": [
            {"resourceType": name, "locations": list(DISPLAY.values()), "apiVersions": versions}
            for name, versions in types
        ],
    }
