"""The written form of keys, ranges of keys and values; the same rules for every backend.

Keys are plain ASCII, so that ordinal order is the same in SQLite, in Table storage and in Python,
and so that none of them needs escaping in a filter. Values are compact JSON text.

The rules are patterns, and the encoder is the library's: every call of a backend asks them. A function is called only
for what is no key, or is not written as it stands.
"""

import json
import re

from records.store import RecordTooLargeError

MAX_KEY = 255
MAX_TEXT = 2_000_000
"""Characters of JSON that any backend is asked to hold; a backend may refuse less (`records.backends.chunks`)."""

_SURROGATE = re.compile("[\ud800-\udfff]")

is_key = re.compile(rf"[A-Za-z0-9._-]{{1,{MAX_KEY}}}").fullmatch
"""Matches what names a partition or a row."""
is_bound = re.compile(rf"[A-Za-z0-9._-]{{0,{MAX_KEY}}}").fullmatch
"""Matches where a range begins, or what its rows begin with."""
is_plain = re.compile(rf"\{{[^\ud800-\udfff]{{0,{MAX_TEXT - 1}}}").fullmatch
"""Matches the text of a JSON object that any backend can hold as it is."""


def _refuse(value: object) -> None:
    raise ValueError(f"a record's value must be JSON, and {type(value).__name__} is not")


encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_refuse
).encode
"""The compact JSON text of a value; ValueError when it has none."""


def to_plain(text: str) -> str:
    """The text of a JSON object with its lone surrogates escaped, which JSON allows and UTF-8 does not.

    Raises RecordTooLargeError beyond `MAX_TEXT`, and ValueError for what is no object.
    """
    if not text.startswith("{"):
        raise ValueError(f"a record's value must be a JSON object, not {text[:100]}")
    text = _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    if len(text) > MAX_TEXT:
        raise RecordTooLargeError(
            f"{len(text)} characters of JSON, at most {MAX_TEXT} fit a record"
        )
    return text


def no_keys(partition: str, row: str) -> ValueError:
    """The error for two texts of which one is no key."""
    name, text = ("row", row) if is_key(partition) else ("partition", partition)
    return _wrong(name, 1, text)


def no_range(partition: str, prefix: str, after: str, limit: int) -> ValueError:
    """The error for what is no range of records."""
    if limit < 1:
        return ValueError(f"limit must be at least 1, not {limit}")
    if not is_key(partition):
        return _wrong("partition", 1, partition)
    name, text = ("after", after) if is_bound(prefix) else ("prefix", prefix)
    return _wrong(name, 0, text)


def _wrong(name: str, least: int, text: str) -> ValueError:
    return ValueError(
        f"{name} must be {least} to {MAX_KEY} characters of A-Z a-z 0-9 . _ - : {text[:300]!r}"
    )


def end_of_prefix(prefix: str) -> str:
    """The least string greater than every row that starts with this (non-empty) prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)
