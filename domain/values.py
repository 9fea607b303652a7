"""The two kinds of values that JSON becomes: strict at the edges, tolerant in history.

Histories and records outlive deployments, so a `Message` ignores keys it does not know and every field added later
has a default. What a person sends is a `StrictModel`: unknown keys and loose types are errors.
"""

from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

Json = dict[str, Any]


class Message(BaseModel):
    """A frozen value that crosses the durable boundary or lies in the records, as plain camelCase JSON:
    `model_dump(mode="json")`, and `model_validate` to have it back, which raises pydantic's ValidationError."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        populate_by_name=True,
        serialize_by_alias=True,
        # A cold start would build all of them, and needs a few.
        defer_build=True,
    )


class StrictModel(Message):
    """A frozen value that somebody outside wrote: unknown fields are errors, types are strict."""

    model_config = ConfigDict(extra="forbid", strict=True)


def iso_duration(length: timedelta) -> str:
    """A duration as ISO 8601 writes it, for people: `P3D`, `PT1H30M`."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    clock = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
    text = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
    return f"P{text}" if text else "PT0S"
