"""Requests of the real SDK about galleries, definitions and versions.

Each scenario uses names of its own and leaves the cloud usable for the next.
"""

from __future__ import annotations

from collections.abc import Callable

from packages.localcloud.tests.arm.spec.bodies import (
    definition_body,
    image_body,
    make_definition,
    make_image,
    version_body,
)
from packages.localcloud.tests.arm.spec.traffic import GROUP, NOW, REGION, Body, Traffic, refused

# The region that the profile lets fail.
FAILING = "northeurope"


def galleries(traffic: Traffic) -> None:
    """A gallery from its creation to its end."""
    api = traffic.client.galleries
    body: Body = {"location": REGION, "tags": {"a": "b"}, "properties": {"description": "one"}}
    traffic.finish(api.begin_create_or_update(GROUP, "Shelf", body, **NOW))
    traffic.finish(api.begin_create_or_update(GROUP, "Shelf", body, **NOW))
    change: Body = {"tags": {"a": "c"}}
    traffic.finish(api.begin_update(GROUP, "Shelf", change, **NOW))
    api.get(GROUP, "Shelf")
    list(api.list_by_resource_group(GROUP))
    list(api.list())
    traffic.finish(api.begin_delete(GROUP, "Shelf", **NOW))
    refused(api.get, GROUP, "Shelf")
    api.begin_delete(GROUP, "Shelf", **NOW)


def definitions(traffic: Traffic) -> None:
    """A definition with all that can be said of one; its gallery refuses to go before it."""
    client = traffic.client
    api = client.gallery_images
    make_definition(traffic, "defined")
    rich = definition_body(
        "rich",
        architecture="x64",
        features=[{"name": "SecurityType", "value": "Standard"}],
        purchasePlan={"name": "p", "publisher": "contoso", "product": "o"},
        recommended={"vCPUs": {"min": 1, "max": 4}, "memory": {"min": 2, "max": 8}},
        disallowed={"diskTypes": ["Standard_LRS"]},
        description="rich",
        eula="none",
        privacyStatementUri="https://contoso.example/privacy",
        releaseNoteUri="https://contoso.example/notes",
        endOfLifeDate="2031-01-01T00:00:00Z",
    )
    traffic.finish(api.begin_create_or_update(GROUP, "defined", "rich", rich, **NOW))
    change: Body = {
        "tags": {"x": "y"},
        "properties": rich["properties"] | {"description": "richer"},
    }
    traffic.finish(api.begin_update(GROUP, "defined", "rich", change, **NOW))
    api.get(GROUP, "defined", "rich")
    list(api.list_by_gallery(GROUP, "defined"))
    refused(client.galleries.begin_delete, GROUP, "defined", **NOW)
    refused(api.begin_create_or_update, GROUP, "defined", "twin", rich, **NOW)
    traffic.finish(api.begin_delete(GROUP, "defined", "rich", **NOW))
    refused(api.get, GROUP, "defined", "rich")


def versions(traffic: Traffic) -> None:
    """A version that replicates, is promoted, gets a region more, and is deleted."""
    client = traffic.client
    api = client.gallery_image_versions
    image = make_image(traffic, "source")
    version = (*make_definition(traffic, "versions"), "1.0.0")
    body = version_body(
        image, "West US", excludeFromLatest=True, endOfLifeDate="2031-01-01T00:00:00Z"
    )

    def look() -> object:
        return api.get(*version, expand="ReplicationStatus")

    traffic.finish(api.begin_create_or_update(*version, body, **NOW), meanwhile=look)
    look()
    api.get(*version)
    list(api.list_by_gallery_image(*version[:3]))
    publishing = {"excludeFromLatest": False}
    shown: Body = {"properties": {"publishingProfile": publishing, "storageProfile": {}}}
    traffic.finish(api.begin_update(*version, shown, **NOW), meanwhile=look)
    grown = version_body(image, "West US", "West Central US")
    traffic.finish(api.begin_create_or_update(*version, grown, **NOW), meanwhile=look)
    refused(client.gallery_images.begin_delete, *version[:3], **NOW)
    traffic.finish(api.begin_delete(*version, **NOW))
    refused(look)
    api.begin_delete(*version, **NOW)


def shallow_version(traffic: Traffic) -> None:
    """A shallow version, for which nothing is copied."""
    api = traffic.client.gallery_image_versions
    image = make_image(traffic, "shallow-source")
    version = (*make_definition(traffic, "shallow"), "1.0.0")
    body = version_body(image, replicationMode="Shallow", storageAccountType="Premium_LRS")
    traffic.finish(api.begin_create_or_update(*version, body, **NOW))
    api.get(*version, expand="ReplicationStatus")


def failing_region(traffic: Traffic) -> None:
    """A version that one region does not get (the profile names the region): it ends Failed."""
    api = traffic.client.gallery_image_versions
    image = make_image(traffic, "failing-source")
    version = (*make_definition(traffic, "failing"), "1.0.0")
    body = version_body(image, FAILING)
    traffic.finish(api.begin_create_or_update(*version, body, **NOW))
    api.get(*version, expand="ReplicationStatus")
    traffic.finish(api.begin_delete(*version, **NOW))


def generation_mismatch(traffic: Traffic) -> None:
    """An image of generation 1 for a definition of generation 2: accepted, then Failed."""
    api = traffic.client.gallery_image_versions
    image = make_image(traffic, "old-source", "V1")
    version = (*make_definition(traffic, "mismatched"), "1.0.0")
    traffic.finish(api.begin_create_or_update(*version, version_body(image), **NOW))
    api.get(*version)


def soft_delete(traffic: Traffic) -> None:
    """A version deleted softly, listed among its kind, and restored."""
    client = traffic.client
    api = client.gallery_image_versions
    image = make_image(traffic, "soft-source")
    policy = {"isSoftDeleteEnabled": True}
    version = (*make_definition(traffic, "soft", softDeletePolicy=policy), "1.0.0")
    traffic.finish(api.begin_create_or_update(*version, version_body(image), **NOW))
    traffic.finish(api.begin_delete(*version, **NOW))
    list(client.soft_deleted_resource.list_by_artifact_name(GROUP, "soft", "images", "soft"))
    restored: Body = {"location": REGION, "tags": {}}
    traffic.finish(api.begin_create_or_update(*version, restored, **NOW))
    api.get(*version)


def older_versions(traffic: Traffic) -> None:
    """The same resources through the api-versions that the az CLI sends."""
    make_image(traffic, "oldApi")
    shelf = f"{traffic.compute}/galleries/oldApi"
    for path, api, body in (
        (shelf, "2021-10-01", {"location": REGION}),
        (f"{shelf}/images/old", "2021-10-01", definition_body("old")),
        (
            f"{shelf}/images/old/versions/1.0.0",
            "2023-07-03",
            version_body(f"{traffic.compute}/images/oldApi"),
        ),
        (f"{traffic.compute}/images/older", "2024-07-01", image_body(traffic)),
    ):
        traffic.finish(traffic.send("PUT", f"{path}?api-version={api}", body))
        traffic.send("GET", f"{path}?api-version={api}")
    version = f"{shelf}/images/old/versions/1.0.0?api-version=2024-03-03"
    traffic.send("GET", f"{version}&$expand=ReplicationStatus")


def applications(traffic: Traffic) -> None:
    """A gallery application, which answers at once."""
    api = traffic.client.gallery_applications
    make_definition(traffic, "apps")
    body: Body = {"location": REGION, "properties": {"supportedOSType": "Linux"}}
    api.begin_create_or_update(GROUP, "apps", "app", body, **NOW)
    change: Body = {"properties": {"supportedOSType": "Linux", "description": "an app"}}
    api.begin_update(GROUP, "apps", "app", change, **NOW)
    api.get(GROUP, "apps", "app")
    list(api.list_by_gallery(GROUP, "apps"))
    application_versions(traffic)
    api.begin_delete(GROUP, "apps", "app", **NOW)


def application_versions(traffic: Traffic) -> None:
    """A version of that application, replicated as image versions are."""
    api = traffic.client.gallery_application_versions
    source = {"mediaLink": "https://example.blob.core.windows.net/apps/app.zip"}
    actions = {"install": "unzip app.zip", "remove": "rm app"}
    profile = {"source": source, "manageActions": actions, "targetRegions": [{"name": REGION}]}
    body: Body = {"location": REGION, "properties": {"publishingProfile": profile}}
    at = (GROUP, "apps", "app", "1.0.0")
    traffic.finish(api.begin_create_or_update(*at, body, **NOW))
    change: Body = {"properties": {"publishingProfile": profile}}
    traffic.finish(api.begin_update(*at, change, **NOW))
    api.get(*at, expand="ReplicationStatus")
    list(api.list_by_gallery_application(GROUP, "apps", "app"))
    traffic.finish(api.begin_delete(*at, **NOW))


def sharing(traffic: Traffic) -> None:
    """A gallery shared with a subscription."""
    api = traffic.client
    profile = {"permissions": "Groups"}
    make_definition(traffic, "shared", sharingProfile=profile)
    group = {"type": "Subscriptions", "ids": [traffic.cloud.subscription_ids[0]]}
    share: Body = {"operationType": "Add", "groups": [group]}
    traffic.finish(api.gallery_sharing_profile.begin_update(GROUP, "shared", share, **NOW))
    api.galleries.get(GROUP, "shared", expand="SharingProfile/Groups")


SCENARIOS: tuple[Callable[[Traffic], None], ...] = (
    galleries,
    definitions,
    versions,
    shallow_version,
    failing_region,
    generation_mismatch,
    soft_delete,
    older_versions,
    applications,
    sharing,
)
