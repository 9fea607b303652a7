"""Newtonsoft.Json's words about a text that is not JSON, in the cases that clients meet.

Found by asking the real extension (https://github.com/JamesNK/Newtonsoft.Json: JsonTextReader). What only Newtonsoft
takes (comments, single quotes, names without quotes, a comma at the end) is refused, in the nearest words.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

READER = "Newtonsoft.Json.JsonReaderException"
SERIALIZER = "Newtonsoft.Json.JsonSerializationException"
WRITER = "Newtonsoft.Json.JsonWriterException"
PART = re.compile(r'"(?:\\.|[^"\\])*"?|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
NUMBER = re.compile(r"[-\d][-+.\dA-FX]*", re.IGNORECASE)
WORD = re.compile(r"\w*")
WORDS = ("true", "false", "null", "undefined")
NAMES = {"{": "JObject", "[": "JArray"}


@dataclass(frozen=True)
class Complaint:
    """Class and message of the exception when a text is deserialised, and its message when it is loaded as a token.

    `early`: the text is sound, and ends where more had to come.
    """

    kind: str
    text: str
    loading: str
    early: bool = False


def complaint(text: str) -> Complaint | None:
    """Return what is wrong with the text, or None."""
    try:
        json.loads(text)
    except json.JSONDecodeError as problem:
        end, opened = len(text.rstrip()), _opened(text)
        if end == 0:
            nothing = f"Error reading JToken from JsonReader. {_place(text, len(text), '')}"
            return Complaint(READER, nothing, nothing)
        if problem.pos >= end and opened and "':'" not in problem.msg:
            return _early(text, opened)
        said = _wrong(text, problem, _path(_opened(text[: problem.pos])))
        return Complaint(READER, said, said)
    except RecursionError:
        deep = "The reader's MaxDepth of 64 has been exceeded."
        return Complaint(READER, deep, deep)
    return None


def _early(text: str, opened: list[list[str]]) -> Complaint:
    place = _place(text, len(text), _path(opened))
    outer, bare = NAMES[opened[0][0]], len(text.strip()) == 1
    loading = f"Unexpected end of content while loading {outer}. {place}"
    if bare:
        loading = f"Error reading {outer} from JsonReader. {place}"
    if outer == "JArray":
        return Complaint(WRITER, "Unexpected end when reading token. Path ''.", loading, early=True)
    doing = "reading JSON" if bare else "deserializing object"
    return Complaint(SERIALIZER, f"Unexpected end when {doing}. {place}", loading, early=True)


def _wrong(text: str, problem: json.JSONDecodeError, path: str) -> str:
    at, end = problem.pos, len(text.rstrip())
    character = text[at : at + 1] or "\0"
    number, word = NUMBER.match(text, at), WORD.match(text, at)
    if problem.msg.startswith("Extra data"):
        number = NUMBER.match(text.lstrip()) if not text[at].isspace() else None
    if problem.msg.startswith("Unterminated string"):
        said, at = 'Unterminated string. Expected delimiter: "', len(text)
    elif number and number.end() > at and problem.msg.startswith(("Extra data", "Expecting value")):
        return _wrong_number(text, number, path)
    elif problem.msg.startswith("Extra data"):
        said = f"Additional text encountered after finished reading JSON content: {character}"
    elif "':'" in problem.msg:
        said = f"Invalid character after parsing property name. Expected ':' but got: {character}"
    elif "property name" in problem.msg:
        said = f"Invalid property identifier character: {character}"
    elif "','" in problem.msg:
        said = f"After parsing a value an unexpected character was encountered: {character}"
    elif word and word.end() == end and any(item.startswith(word[0]) for item in WORDS if word[0]):
        said, at = "Unexpected end when reading JSON", end
    else:
        said = f"Unexpected character encountered while parsing value: {character}"
    return f"{said}. {_place(text, at, path)}"


def _wrong_number(text: str, number: re.Match[str], path: str) -> str:
    at = number.end()
    character = text[at : at + 1]
    said = f"Input string '{number[0]}' is not a valid number"
    if character and character not in " \t\r\n,]}":
        said = f"Unexpected character encountered while parsing number: {character}"
    return f"{said}. {_place(text, at, path)}"


def _opened(text: str) -> list[list[str]]:
    """The objects and arrays that are open at the end, each with the last property's name."""
    stack: list[list[str]] = []
    last = ""
    for part in PART.findall(text):
        if part in ("{", "["):
            stack.append([part, ""])
        elif part in ("}", "]") and stack:
            stack.pop()
        elif part == ":" and stack:
            stack[-1][1] = last.strip('"')
        last = part
    return stack


def _path(opened: list[list[str]]) -> str:
    return ".".join(name for _, name in opened if name)


def _place(text: str, at: int, path: str) -> str:
    """The first line counts from 1 once anything of it was read."""
    line = text.count("\n", 0, at) + min(at, 1)
    return f"Path '{path}', line {line}, position {at - text.rfind(chr(10), 0, at) - 1}."
