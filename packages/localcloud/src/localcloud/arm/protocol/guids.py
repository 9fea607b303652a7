"""Ids for requests and operations; nothing depends on their being hard to guess."""

from __future__ import annotations

from itertools import count
from random import getrandbits
from uuid import uuid4

# The end is this process's own, the beginning counts: a third of the time of a random id.
_counted = count(getrandbits(32))
_END = str(uuid4())[8:]


def guid() -> str:
    """An id in the usual form that no other process, and no earlier one, gives."""
    return f"{next(_counted) & 0xFFFFFFFF:08x}{_END}"
