"""Gallery applications and their versions: as strict as image definitions and versions."""

from __future__ import annotations

from typing import Any

import pytest

from packages.localcloud.tests.arm.driving import Driver, application, error

APPLICATION = "galleries/g/applications/a"
VERSION = f"{APPLICATION}/versions/1.0.0"
ACTION = {"name": "check", "script": "run", "parameters": [{"name": "p", "type": "String"}]}


def body(*regions: str, safety: Any = None, **profile: Any) -> Any:
    """A version of a package, replicated to these regions or where it is."""
    package = {"mediaLink": "https://a.blob.core.windows.net/b/c.zip"}
    given: Any = {"source": package, "manageActions": {"install": "i", "remove": "r"}} | profile
    if regions:
        given["targetRegions"] = [{"name": name} for name in regions]
    inner = {"publishingProfile": given} | ({"safetyProfile": safety} if safety else {})
    return {"location": "eastus2", "properties": inner}


@pytest.fixture
def app(arm: Driver) -> Driver:
    """The module's cloud with a gallery and an application."""
    arm.gallery()
    arm.put(APPLICATION, application())
    return arm


def test_an_application_is_written_at_once(app: Driver) -> None:
    """No operation and no state; all that may be said of it comes back, dates with an offset."""
    said: Any = {
        "description": "d",
        "eula": "e",
        "privacyStatementUri": "https://a.b/p",
        "releaseNoteUri": "https://a.b/r",
        "customActions": [ACTION],
    }
    sent = application(**said, endOfLifeDate="2031-01-01T00:00:00Z")
    made = app.put("galleries/g/applications/rich", sent)
    assert made.status_code == 201
    assert "Azure-AsyncOperation" not in made.headers
    end = {"endOfLifeDate": "2031-01-01T00:00:00+00:00"}
    assert made.json()["properties"] == {"supportedOSType": "Linux"} | said | end
    assert app.get("galleries/g/applications/rich")["properties"] == made.json()["properties"]
    listed = app.get("galleries/g/applications")["value"]
    assert [one["name"] for one in listed] == ["a", "rich"]
    assert app.call("DELETE", "galleries/g/applications/rich").status_code == 200
    assert app.call("DELETE", "galleries/g/applications/rich").status_code == 204


def test_an_application_keeps_its_system(app: Driver) -> None:
    """409 PropertyChangeNotAllowed for another one, in any spelling; a PATCH need not repeat it."""
    assert app.put(APPLICATION, application(supportedOSType="linux")).status_code == 200
    windows = application(supportedOSType="Windows")
    assert error(app.call("PUT", APPLICATION, windows)) == (409, "PropertyChangeNotAllowed")
    changed = app.call("PATCH", APPLICATION, {"properties": {"description": "new"}})
    assert changed.json()["properties"] == {"supportedOSType": "Linux", "description": "new"}


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("galleries/g/applications/_a", application()),
        ("galleries/g/applications/a.", application()),
        ("galleries/g/applications/b", {"location": "eastus2", "properties": {}}),
        ("galleries/g/applications/b", application(supportedOSType="plan9")),
        ("galleries/g/applications/b", application(endOfLifeDate="soon")),
        (f"{APPLICATION}/versions/one", body()),
        (f"{APPLICATION}/versions/1.0", body()),
        (VERSION, body(source={})),
        (VERSION, body("West US")),
        (VERSION, body("eastus2", "East US 2")),
        (VERSION, body(replicaCount=101)),
        (VERSION, body(endOfLifeDate="2019-07-01T07:00:00Z")),
    ],
)
def test_what_is_refused(app: Driver, path: str, sent: Any) -> None:
    """400 InvalidParameter, and nothing is made; targets name the application's version."""
    refused = app.call("PUT", path, sent)
    assert error(refused) == (400, "InvalidParameter")
    assert "galleryImage" not in refused.text
    assert app.call("GET", path).status_code == 404


def test_a_version_of_nothing(app: Driver) -> None:
    """404 ParentResourceNotFound naming the application; api-versions before 2019-03-01 know none."""
    refused = app.call("PUT", "galleries/g/applications/none/versions/1.0.0", body())
    assert error(refused) == (404, "ParentResourceNotFound")
    assert "'g/none'" in refused.json()["error"]["message"]
    old = app.call("GET", APPLICATION, api="2018-06-01")
    assert error(old) == (400, "NoRegisteredProviderFound")


def test_a_version_replicates(app: Driver) -> None:
    """Creating at once, then Succeeded; defaults filled in, display names, progress when asked for."""
    settings = {"packageFileName": "c.zip"}
    made = app.put(VERSION, body("eastus2", "West US", settings=settings, customActions=[ACTION]))
    assert (made.status_code, made.headers["Retry-After"]) == (201, "60")
    assert made.json()["properties"]["provisioningState"] == "Creating"
    profile = made.json()["properties"]["publishingProfile"]
    published = profile.pop("publishedDate")
    usual = {"regionalReplicaCount": 1, "storageAccountType": "Standard_LRS"}
    assert profile == body(settings=settings, customActions=[ACTION])["properties"][
        "publishingProfile"
    ] | {
        "enableHealthCheck": False,
        "targetRegions": [{"name": "East US 2"} | usual, {"name": "West US"} | usual],
        "replicaCount": 1,
        "excludeFromLatest": False,
        "storageAccountType": "Standard_LRS",
    }
    safety = made.json()["properties"]["safetyProfile"]
    assert safety == {"allowDeletionOfReplicatedLocations": False}
    app.pass_time(hours=1)
    done = app.get(VERSION, expand="ReplicationStatus")["properties"]
    assert done["provisioningState"] == "Succeeded"
    assert done["replicationStatus"]["aggregatedState"] == "Completed"
    assert done["publishingProfile"]["publishedDate"] == published


def test_an_update_keeps_what_it_does_not_name(app: Driver) -> None:
    """PATCH changes what it names; the package, the actions and the health check stay."""
    app.put(VERSION, body(enableHealthCheck=True))
    app.pass_time(hours=1)
    sent = {"properties": {"publishingProfile": {"excludeFromLatest": True}}}
    changed = app.call("PATCH", VERSION, sent)
    assert changed.status_code == 200
    assert changed.json()["properties"]["provisioningState"] == "Updating"
    profile = changed.json()["properties"]["publishingProfile"]
    assert (profile["excludeFromLatest"], profile["enableHealthCheck"]) == (True, True)
    assert profile["source"]["mediaLink"].endswith("c.zip")


def test_regions_are_added_and_dropped(app: Driver) -> None:
    """One that has the version keeps it, a new one replicates; dropping one needs leave to do so."""
    app.put(VERSION, body("eastus2", "West US"))
    app.pass_time(hours=1)
    refused = app.call("PUT", VERSION, body("eastus2"))
    assert error(refused) == (400, "BadRequest")
    assert "'GalleryApplicationVersion'" in refused.json()["error"]["message"]
    allowed = {"allowDeletionOfReplicatedLocations": True}
    app.put(VERSION, body("eastus2", "West Europe", safety=allowed))
    summary = app.get(VERSION, expand="ReplicationStatus")["properties"]["replicationStatus"]
    states = {line["region"]: line["state"] for line in summary["summary"]}
    assert states["eastus2"] == "Completed"
    assert states["westeurope"] != "Completed"
    app.pass_time(hours=1)
    assert app.state(VERSION) == "Succeeded"


def test_an_application_goes_after_its_versions(app: Driver) -> None:
    """409 while there is one; then the version, the application and the gallery, one after the other."""
    app.put(VERSION, body())
    app.pass_time(hours=1)
    assert error(app.call("DELETE", APPLICATION)) == (409, "CannotDeleteResource")
    gone = app.call("DELETE", VERSION)
    assert (gone.status_code, "Location" in gone.headers) == (202, True)
    app.pass_time(minutes=5)
    assert app.call("DELETE", APPLICATION).status_code == 200
    assert app.call("DELETE", "galleries/g/images/d").status_code == 202
    app.pass_time(minutes=1)
    assert app.call("DELETE", "galleries/g").status_code == 202
