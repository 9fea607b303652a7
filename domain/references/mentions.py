"""Every place in a resource's properties that names an image, whatever the property is called.

Ids are compared without case, and to their end: Resource Graph's `contains` finds `…/images/web2` for `…/images/web`.
A text may hold the id within it, in JSON of its own (`vmTemplate` of host pools) or escaped for a URL. A place that is
taken for a mention wrongly keeps an image; one that is missed loses it.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

# JSON within texts within JSON, and so on: nobody nests it so deep.
_DEEPEST = 60


def mentions(properties: Any, image_id: str) -> Iterator[str]:
    """Yield the path of each text that names the image, such as `fabricProfile.images[1].resourceId`."""
    # A name goes on with a letter, a digit or '_', if need be behind '.' and '-', and ends with one.
    pattern = re.compile(re.escape(image_id) + r"(?![\w.\-]*\w)", re.IGNORECASE)
    yield from _within(properties, "", pattern, _DEEPEST)


def names(text: str, image_id: str) -> bool:
    """Return True if a text names this image, and not one whose name only begins like it."""
    return next(mentions(text, image_id), None) is not None


def _within(value: Any, path: str, pattern: re.Pattern[str], depth: int) -> Iterator[str]:
    if isinstance(value, dict) and depth:
        for name, part in value.items():
            yield from _within(part, f"{path}.{name}" if path else str(name), pattern, depth - 1)
    elif isinstance(value, list) and depth:
        for number, part in enumerate(value):
            yield from _within(part, f"{path}[{number}]", pattern, depth - 1)
    elif isinstance(value, str):
        if _named(value, pattern, depth):
            yield path
    elif isinstance(value, dict | list) and pattern.search(json.dumps(value)):
        yield path


def _named(text: str, pattern: re.Pattern[str], depth: int) -> bool:
    if pattern.search(text) or ("%" in text and pattern.search(unquote(text))):
        return True
    if not depth or not text.lstrip().startswith(("{", "[", '"')):
        return False
    try:
        inner = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return next(_within(inner, "", pattern, depth - 1), None) is not None
