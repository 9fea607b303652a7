"""The app's two managed identities in the local cloud, by their client ids."""

from __future__ import annotations

from collections.abc import Mapping

PUBLISHER = "0d0d0d0d-0000-4000-8000-000000000001"
DELETER = "0d0d0d0d-0000-4000-8000-000000000002"


def identity_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """The settings that name them; in the environment another one may delete, or, where it is empty, none."""
    deleter = environ.get("DELETER_CLIENT_ID", DELETER)
    return {"AZURE_CLIENT_ID": PUBLISHER, "DELETER_CLIENT_ID": deleter}
