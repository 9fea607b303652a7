"""The layout of a record's JSON text in the properties of one Table storage entity.

1. Text that fits one string property (64 KiB of UTF-16) is kept as it is, readable in any browser.
2. Longer text is deflated and cut into binary properties of 64 KiB. UTF-16 alone would reach the
   1 MiB of an entity at half a million characters; a request body escapes them to six bytes each.
3. What is still larger than an entity may be is refused before it is sent.

Limits: https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
"""

import zlib
from collections.abc import Mapping
from typing import Any

from records.store import RecordError, RecordTooLargeError

Properties = dict[str, str | bytes | int]

PROPERTY_BYTES = 65_536
MAX_PARTS = 15
"""One less than an entity's 1 MiB has room for: the rest is for keys, names and system values."""


def to_properties(text: str) -> Properties:
    """The properties that hold this text; `RecordTooLargeError` when no entity can."""
    if len(text.encode("utf-16-le")) <= PROPERTY_BYTES:
        return {"text": text}
    packed = zlib.compress(text.encode())
    parts = [packed[at : at + PROPERTY_BYTES] for at in range(0, len(packed), PROPERTY_BYTES)]
    if len(parts) > MAX_PARTS:
        raise RecordTooLargeError(
            f"{len(packed)} bytes when deflated, at most {MAX_PARTS * PROPERTY_BYTES} fit an entity"
        )
    named: Properties = {_part(number): part for number, part in enumerate(parts)}
    return {"parts": len(parts), **named}


def from_properties(properties: Mapping[str, Any]) -> str:
    """The text that `to_properties` laid out; `RecordError` when somebody else has changed it."""
    try:
        if "parts" not in properties:
            return str(properties["text"])
        packed = b"".join(properties[_part(number)] for number in range(properties["parts"]))
        return zlib.decompress(packed).decode()
    except (KeyError, TypeError, zlib.error, UnicodeDecodeError) as error:
        raise RecordError(f"the entity does not hold a record's value: {error!r}") from error


def _part(number: int) -> str:
    return f"part{number:02}"
