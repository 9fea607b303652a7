"""An image definition that somebody has made before."""

from tests.scenarios.client import GALLERY_API, Client


def make_definition(client: Client, name: str) -> None:
    """Make the definition that a request for the image of this name asks for, so that its version comes at once."""
    request = client.request(name)
    wanted = request["imageDefinition"]
    properties = {
        "osType": "Linux",
        "osState": "Generalized",
        "hyperVGeneration": "V2",
        "identifier": {key: wanted[key] for key in ("publisher", "offer", "sku")},
        "features": [{"name": "SecurityType", "value": "Standard"}],
    }
    body = {"location": "eastus2", "properties": properties}
    client.arm("PUT", f"{request['galleryId']}/images/{name}", body, GALLERY_API)
    client.advance("PT1M")
