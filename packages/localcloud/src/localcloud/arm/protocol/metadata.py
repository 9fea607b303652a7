"""`/metadata/endpoints`: how `az cloud register` and SDKs learn a cloud's addresses."""

from __future__ import annotations

from localcloud.arm.state.model import Json

_LIST = "2019-05-01"


def endpoints(base: str, tenant: str, api: str) -> Json | list[Json]:
    """One object in the form of 2015, a list of clouds in 2019, one cloud since 2022."""
    if api < _LIST:
        return {
            "galleryEndpoint": f"{base}/gallery",
            "graphEndpoint": f"{base}/graph",
            "portalEndpoint": f"{base}/portal",
            "authentication": {"loginEndpoint": base, "audiences": [f"{base}/"]},
        }
    return [_cloud(base, tenant)] if api == _LIST else _cloud(base, tenant)


def _cloud(base: str, tenant: str) -> Json:
    host = base.partition("://")[2]
    return {
        "name": "LocalCloud",
        "portal": f"{base}/portal",
        "resourceManager": base,
        "authentication": {
            "loginEndpoint": base,
            "audiences": ["https://management.core.windows.net/", f"{base}/"],
            "tenant": tenant,
            "identityProvider": "AAD",
        },
        "graph": f"{base}/graph",
        "gallery": f"{base}/gallery",
        "graphAudience": f"{base}/graph",
        "microsoftGraphResourceId": f"{base}/graph",
        "activeDirectoryDataLake": f"{base}/",
        "batch": f"{base}/batch",
        "media": f"{base}/media",
        "sqlManagement": f"{base}/sql",
        "vmImageAliasDoc": f"{base}/aliases.json",
        "suffixes": {"storage": host, "keyVaultDns": host, "sqlServerHostname": host},
    }
