"""JSON as Newtonsoft.Json reads and writes it, which is what an event passes on its way to a function.

ISO date-times become .NET dates and back: zeros at the end of the fraction are gone, and an offset has
become the host's zone (UTC here). NaN becomes text, the last of two equal names wins, more than 64 levels
are refused. Dialects that Event Grid does not send (single quotes, comments, `/Date(0)/`) are not read.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

MAX_DEPTH = 64
DATE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,7})?(Z|[+-]\d\d(?::?\d\d)?)?", re.ASCII)


def parse(text: str) -> Any:
    """The value, its dates as .NET writes them. Raises ValueError."""
    try:
        return _read(json.loads(text, parse_constant=str, strict=False), MAX_DEPTH)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def dump(value: Any) -> str:
    """Return a value as compact JSON, as JToken.ToString(Formatting.None) writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _read(value: Any, levels: int) -> Any:
    if isinstance(value, str):
        return _date(value)
    if not isinstance(value, dict | list):
        return value
    if levels == 0:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, list):
        return [_read(item, levels - 1) for item in value]
    return {name: _read(item, levels - 1) for name, item in value.items()}


def _date(text: str) -> str:
    match = DATE.fullmatch(text)
    if match is None:
        return text
    seconds, fraction, zone = match.groups("")
    try:
        moment = datetime.fromisoformat(seconds + zone)
        if zone not in ("", "Z"):
            moment, zone = moment.astimezone(UTC), "+00:00"
    except (ValueError, OverflowError):
        # Not a date of the calendar.
        return text
    return moment.replace(tzinfo=None).isoformat() + fraction.rstrip("0").rstrip(".") + zone
