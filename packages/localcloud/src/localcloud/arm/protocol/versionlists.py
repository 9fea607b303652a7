"""API versions ARM knows for the types the emulator checks; others are taken as they come.

The lists are those of the clients: azure-mgmt-compute 4 to 39, @azure/arm-compute 23 to 25, the az CLI.
"""

from __future__ import annotations

import re

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.regions import DISPLAY

_GALLERIES = [
    "2018-06-01",
    "2019-03-01",
    "2019-07-01",
    "2019-12-01",
    "2020-09-30",
    "2021-07-01",
    "2021-10-01",
    "2022-01-03",
    "2022-03-03",
    "2022-08-03",
    "2023-07-03",
    "2024-03-03",
    "2025-03-03",
    "2025-12-03",
    "2026-03-03",
]
_IMAGES = [
    "2016-04-30-preview",
    "2016-08-30",
    "2017-03-30",
    "2017-12-01",
    "2018-04-01",
    "2018-06-01",
    "2018-10-01",
    "2019-03-01",
    "2019-07-01",
    "2019-12-01",
    "2020-06-01",
    "2020-12-01",
    "2021-03-01",
    "2021-04-01",
    "2021-07-01",
    "2021-11-01",
    "2022-03-01",
    "2022-08-01",
    "2022-11-01",
    "2023-03-01",
    "2023-07-01",
    "2023-09-01",
    "2024-03-01",
    "2024-07-01",
    "2024-11-01",
    "2025-04-01",
    "2025-11-01",
    "2026-03-01",
    "2026-04-01",
]
SUPPORTED: dict[str, list[str]] = {
    "microsoft.compute/galleries": _GALLERIES,
    "microsoft.compute/galleries/images": _GALLERIES,
    "microsoft.compute/galleries/images/versions": _GALLERIES,
    "microsoft.compute/galleries/applications": _GALLERIES[1:],
    "microsoft.compute/galleries/applications/versions": _GALLERIES[1:],
    "microsoft.compute/galleries/share": _GALLERIES[4:],
    "microsoft.compute/images": _IMAGES,
}
_FORM = re.compile(r"20\d\d-\d\d-\d\d(-preview|-beta|-alpha)?\Z")


def check(call: Call) -> None:
    """Raises 400 for a missing or unknown api-version."""
    if not call.api:
        raise refusal("api version missing")
    known = SUPPORTED.get(call.target.kind)
    if (known is None and _FORM.match(call.api)) or (known and call.api in known):
        return
    raise refusal(
        "api version unknown",
        location=call.body.get("location") or "",
        api=call.api,
        type=call.target.type.partition("/")[2] or call.target.kind,
        supported=", ".join(known or []),
        locations=", ".join(DISPLAY),
    )
