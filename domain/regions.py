"""Region names in the one form that compares: `South Central US` and `southcentralus` are one region."""

import re

_REGION = r"[a-z][a-z0-9]{2,49}"


def normalise_region(name: str) -> str:
    """The short name of a region; raises ValueError when it cannot be one."""
    short = name.replace(" ", "").lower()
    if not re.fullmatch(_REGION, short):
        raise ValueError(
            f'\'{name}\' is no region name; use one such as "South Central US" or "southcentralus"'
        )
    return short
