"""JSON as Newtonsoft.Json reads and writes it, which is what an event passes on its way to a function.

ISO date-times with a time become .NET dates: on writing, zeros at the end of the fraction are gone and an
offset has become the host's zone (UTC here). Numbers with a point or exponent are doubles and always keep
a point. NaN becomes text, the last of two equal names wins, more than 64 levels are refused. Dialects that
Event Grid cannot send (single quotes, comments, bare names) are not read.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

MAX_DEPTH = 64
ISO = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?(Z|[+-]\d\d(?::?\d\d)?)?", re.ASCII
)
MICROSOFT = re.compile(r"/Date\((-?\d+)([+-]\d{4})?\)/")
LINE_BREAKS = {"\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}


class JsonError(ValueError):
    """Not JSON, or nested too deep."""


@dataclass(frozen=True)
class NetDate:
    """A DateTime to whole seconds, its digits below a second, and `Z`, `+00:00` or nothing."""

    seconds: datetime
    fraction: str
    zone: str

    def iso(self) -> str:
        return f"{self.seconds:%Y-%m-%dT%H:%M:%S}{'.' if self.fraction else ''}{self.fraction}{self.zone}"

    def __str__(self) -> str:
        """As DateTime.ToString() with the invariant culture."""
        return f"{self.seconds:%m/%d/%Y %H:%M:%S}"


def parse(text: str) -> Any:
    """dict, list, str, int, float, bool, None or NetDate. Raises JsonError."""
    try:
        return _read(json.loads(text, parse_constant=str, strict=False), 0)
    except (json.JSONDecodeError, RecursionError) as error:
        raise JsonError(str(error)) from error


def dump(value: Any) -> str:
    """Compact, as JToken.ToString(Formatting.None)."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(k)}:{dump(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(dump(item) for item in value) + "]"
    if isinstance(value, NetDate):
        return _quoted(value.iso())
    if isinstance(value, str):
        return _quoted(value)
    return _double(value) if isinstance(value, float) else json.dumps(value)


def as_text(value: Any) -> str:
    """A JSON value as .NET's Convert.ToString gives it: null is empty, a truth value `True`."""
    if value is None:
        return ""
    if isinstance(value, float):
        return _double(value).removesuffix(".0")
    return dump(value) if isinstance(value, dict | list) else str(value)


def _read(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _date(value) or value
    if not isinstance(value, dict | list):
        return value
    if depth == MAX_DEPTH:
        raise JsonError(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, list):
        return [_read(item, depth + 1) for item in value]
    return {name: _read(item, depth + 1) for name, item in value.items()}


def _date(text: str) -> NetDate | None:
    if text[:1].isdigit() and (found := ISO.fullmatch(text)):
        try:
            seconds = datetime.fromisoformat(found[1])
            fraction, zone = (found[2] or "").rstrip("0"), found[3] or ""
            if zone in ("", "Z"):
                return NetDate(seconds, fraction, zone)
            hours, minutes = int(zone[1:3]), int(zone[3:].strip(":") or 0)
            offset = timedelta(hours=hours, minutes=minutes)
            seconds = seconds + offset if zone[0] == "-" else seconds - offset
            return NetDate(seconds, fraction, "+00:00")
        except (ValueError, OverflowError):
            return None
    if found := MICROSOFT.fullmatch(text):
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(found[1]))
        fraction = f"{at.microsecond:06}".rstrip("0")
        return NetDate(at.replace(microsecond=0), fraction, "+00:00" if found[2] else "Z")
    return None


def _quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    for character, escape in LINE_BREAKS.items():
        quoted = quoted.replace(character, escape)
    return quoted


def _double(value: float) -> str:
    """The shortest text that reads back as `value`, in .NET's notation, with a point or an exponent."""
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    magnitude = len(digits) + exponent - 1
    minus = "-" if sign else ""
    if digits == (0,):
        return minus + "0.0"
    if -5 <= magnitude < 15:
        text = f"{Decimal(repr(value)).normalize():f}"
        return text if "." in text else text + ".0"
    tail = "".join(map(str, digits[1:]))
    return f"{minus}{digits[0]}{'.' if tail else ''}{tail}E{magnitude:+03}"
