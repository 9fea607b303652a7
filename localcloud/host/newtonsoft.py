"""JSON as Newtonsoft.Json reads and writes it, which is what an event passes on its way to a function.

Reading is lenient (single quotes, bare names, comments, trailing commas, NaN as text; the last of two
equal names wins) but for a nesting of more than 64. ISO date-times with a time become .NET dates: on
writing, zeros at the end of the fraction are gone and an offset has become the host's zone (UTC here).
Numbers with a point or exponent are doubles and always keep a point.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

MAX_DEPTH = 64
SPACE = re.compile(r"(?:\s|/\*.*?\*/|//[^\n]*)*", re.DOTALL)
BARE = re.compile(r"[^\s,:{}\[\]\"'/]+")
STRING = re.compile(r"\"([^\"\\]*(?:\\.[^\"\\]*)*)\"|'([^'\\]*(?:\\.[^'\\]*)*)'", re.DOTALL)
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
WORDS = {"true": True, "false": False, "null": None, "undefined": None}
NOT_FINITE = ("NaN", "Infinity", "-Infinity")
NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
ISO = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?(Z|[+-]\d\d(?::?\d\d)?)?", re.ASCII
)
MICROSOFT = re.compile(r"/Date\((-?\d+)([+-]\d{4})?\)/")
LINE_BREAKS = {"\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}


class JsonError(ValueError):
    """Not JSON, not even by Newtonsoft's measure."""


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
    """dict, list, str, int, float, bool, None or NetDate; JsonError also for a leading comment."""
    if text.lstrip().startswith("/"):
        raise JsonError("a comment is no value")
    value, end = _value(text, _skip(text, 0), 0)
    if _skip(text, end) != len(text):
        raise JsonError("text after the value")
    return value


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


def _skip(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    return found.end() if found else at


def _value(text: str, at: int, depth: int) -> tuple[Any, int]:
    opening = text[at : at + 1]
    if opening and opening in "{[":
        if depth >= MAX_DEPTH:
            raise JsonError(f"nested deeper than {MAX_DEPTH}")
        read = _object if opening == "{" else _array
        return read(text, _skip(text, at + 1), depth + 1)
    if opening and opening in "\"'":
        string, end = _string(text, at)
        return _date(string) or string, end
    found = BARE.match(text, at)
    if found is None:
        raise JsonError(f"no value at {at}")
    return _scalar(found.group()), found.end()


def _object(text: str, at: int, depth: int) -> tuple[dict[str, Any], int]:
    result: dict[str, Any] = {}
    while text[at : at + 1] != "}":
        name, at = _name(text, at)
        at = _skip(text, at)
        if text[at : at + 1] != ":":
            raise JsonError(f"no colon at {at}")
        result[name], at = _value(text, _skip(text, at + 1), depth)
        at = _next(text, at, "}")
    return result, at + 1


def _array(text: str, at: int, depth: int) -> tuple[list[Any], int]:
    result: list[Any] = []
    while text[at : at + 1] != "]":
        item, at = _value(text, at, depth)
        result.append(item)
        at = _next(text, at, "]")
    return result, at + 1


def _next(text: str, at: int, closing: str) -> int:
    """Where the next item or the closing bracket is."""
    at = _skip(text, at)
    if text[at : at + 1] == ",":
        return _skip(text, at + 1)
    if text[at : at + 1] != closing:
        raise JsonError(f"no comma and no {closing} at {at}")
    return at


def _name(text: str, at: int) -> tuple[str, int]:
    if text[at : at + 1] in ('"', "'"):
        return _string(text, at)
    found = BARE.match(text, at)
    if found is None:
        raise JsonError(f"no name at {at}")
    return found.group(), found.end()


def _string(text: str, at: int) -> tuple[str, int]:
    found = STRING.match(text, at)
    if found is None:
        raise JsonError(f"a string that begins at {at} does not end")
    raw = found[1] if found[1] is not None else found[2]
    if "\\" not in raw:
        return raw, found.end()
    string = ESCAPE.sub(lambda e: chr(int(e[1], 16)) if e[1] else ESCAPED.get(e[2], e[2]), raw)
    # Two escapes may be the halves of one character.
    return string.encode("utf-16", "surrogatepass").decode("utf-16", "replace"), found.end()


def _scalar(word: str) -> Any:
    if word in WORDS:
        return WORDS[word]
    if word in NOT_FINITE:
        return word
    if NUMBER.fullmatch(word) is None:
        raise JsonError(f"{word!r} is no value")
    return int(word) if word.lstrip("-").isdigit() else float(word)


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
