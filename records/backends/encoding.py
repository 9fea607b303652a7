"""The written form of keys, ranges of keys and values; the same rules for every backend.

Keys are plain ASCII, so that ordinal order is the same in SQLite, in Table storage and in Python,
and so that none of them needs escaping in a filter. Values are compact JSON text.
"""

import json
import re

from records.store import Json, RecordTooLargeError

MAX_KEY = 255
MAX_TEXT = 2_000_000
"""Characters of JSON that any backend is asked to hold; a backend may refuse less (`records.backends.chunks`)."""

_KEY = re.compile(r"[A-Za-z0-9._-]*", re.ASCII)
_SURROGATE = "[\ud800-\udfff]"


def check_keys(partition: str, row: str) -> None:
    """ValueError unless both name a record."""
    _check(partition, "partition", least=1)
    _check(row, "row", least=1)


def check_range(partition: str, prefix: str, after: str, limit: int) -> None:
    """ValueError unless these name a range of records."""
    _check(partition, "partition", least=1)
    _check(prefix, "prefix", least=0)
    _check(after, "after", least=0)
    if limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")


def _check(text: str, name: str, least: int) -> None:
    if not least <= len(text) <= MAX_KEY or not _KEY.fullmatch(text):
        raise ValueError(
            f"{name} must be {least} to {MAX_KEY} characters of A-Z a-z 0-9 . _ - : {text[:300]!r}"
        )


def end_of_prefix(prefix: str) -> str:
    """The least string greater than every row that starts with this (non-empty) prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def to_text(value: Json) -> str:
    """Compact JSON text that any UTF-8 backend can hold; `RecordTooLargeError` beyond `MAX_TEXT`.

    Lone surrogates, which JSON allows and UTF-8 does not, stay escaped.
    """
    if not isinstance(value, dict):
        raise ValueError(f"a record's value must be a JSON object, not {type(value).__name__}")
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except TypeError as error:
        raise ValueError(f"a record's value must be JSON: {error}") from error
    text = re.sub(_SURROGATE, lambda match: f"\\u{ord(match[0]):04x}", text)
    if len(text) > MAX_TEXT:
        raise RecordTooLargeError(
            f"{len(text)} characters of JSON, at most {MAX_TEXT} fit a record"
        )
    return text


def from_text(text: str) -> Json:
    """The value that `to_text` wrote."""
    value: Json = json.loads(text)
    return value
