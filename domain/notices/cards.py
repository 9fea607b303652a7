"""A notice as an Adaptive Card for a Microsoft Teams workflow: facts, what to do, one link. Nothing on it decides.

All text goes into `TextRun`s, which read no Markdown (learn.microsoft.com/adaptive-cards/create/textfeatures): a
name or a reason can make no link of its own. Teams refuses messages over 28 KB, measured after it has written them
anew (MicrosoftDocs/msteams-docs issue 11274); so a card is under 18 KB, its texts shortened, which it says.
"""

import json
from collections.abc import Iterator

from domain.migration.stages import ImageFate, Outcome
from domain.notices.facts import NoticeFacts
from domain.notices.notice import (
    ASKING,
    ASKING_AGAIN,
    END,
    LATE_USERS,
    REMINDER,
    RESTORED,
    STALLED,
)
from domain.values import Json

MOST_BYTES = 18_000
# Characters of a text, from what a card can have to what always fits.
_LENGTHS = (4000, 2000, 1000, 500, 250, 120, 60)
# Characters for each of which a list may have a line.
_PER_LINE = 100
_SHORTENED = "Shortened to fit into Teams: the migration itself has all of it."
_SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
_TITLES = {
    ASKING: "Delete the managed image {}?",
    ASKING_AGAIN: "Asked again, since something has changed: delete the managed image {}?",
    REMINDER: "Still to be decided: delete the managed image {}?",
    STALLED: "The migration of {} stands still",
    RESTORED: "The managed image {} was restored",
    LATE_USERS: "The managed image {} is needed, and was deleted",
}
_ENDS = {
    Outcome.COMPLETED: "{} is migrated",
    Outcome.KEPT: "The managed image {} is kept",
    Outcome.FAILED: "The migration of {} failed",
    Outcome.CANCELLED: "The migration of {} was cancelled",
}
_DELETED = "{} is migrated, and the managed image deleted"
_REFUSED = "The deletion of the managed image {} was refused"


def card_of(facts: NoticeFacts) -> Json:
    """The message with the card, under 18,000 bytes as `json.dumps` writes it."""
    for length in _LENGTHS:
        message = _message(facts, length)
        if size_of(message) < MOST_BYTES:
            break
    return message


def size_of(message: Json) -> int:
    """The bytes of a message as it is posted."""
    return len(json.dumps(message))


def title_of(facts: NoticeFacts) -> str:
    """The heading: what has happened, or what is asked."""
    name = facts.image_id.rpartition("/")[2]
    return _pattern(facts).format(name)


def _pattern(facts: NoticeFacts) -> str:
    if facts.type != END:
        return _TITLES[facts.type]
    if facts.refused:
        return _REFUSED
    if facts.result and facts.result.get("image") == ImageFate.DELETED:
        return _DELETED
    return _ENDS[facts.outcome or Outcome.COMPLETED]


def _message(facts: NoticeFacts, length: int) -> Json:
    shown = _Texts(length)
    title = shown.text(title_of(facts))
    body = [_runs(_run(title, size="Large", weight="Bolder"))]
    body += [
        _runs(_run(f"{name}: ", weight="Bolder"), _run(shown.text(text)))
        for name, text in _facts(facts)
        if text
    ]
    body.append(_runs(_run("Migration: ", weight="Bolder"), _run(facts.migration_id)))
    for name, lines in _lists(facts):
        if lines:
            body.append(_runs(_run(name, weight="Bolder")))
            body += [_runs(_run(line)) for line in shown.lines(lines)]
    if shown.cut:
        body.append(_runs(_run(_SHORTENED, isSubtle=True)))
    card: Json = {
        "$schema": _SCHEMA,
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "fallbackText": title,
        "body": body,
    }
    if facts.link:
        opening = {"type": "Action.OpenUrl", "title": "Open the migration", "url": facts.link}
        card["actions"] = [opening]
    attached = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attached]}


def _facts(facts: NoticeFacts) -> Iterator[tuple[str, str]]:
    yield "What to do", facts.to_do
    yield "Decide until", f"{facts.deadline:%Y-%m-%d %H:%M} UTC" if facts.deadline else ""
    yield "Outcome", facts.outcome.value if facts.outcome else ""
    yield "Reason", facts.reason
    yield "Image", facts.image_id
    yield "The image now", str((facts.result or {}).get("image", ""))
    yield "Version", facts.version_id or ""
    yield "Requested by", facts.requester
    yield "Stage", facts.stage if facts.type == STALLED else ""
    yield "Test it with", (facts.try_command or "") if facts.deadline else ""
    yield "Statement", facts.statement
    yield "Hash of the statement", facts.statement_hash


def _lists(facts: NoticeFacts) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "Who uses the image", facts.users
    yield "Checks that kept it", facts.refused
    yield "Warnings", facts.warnings


class _Texts:
    """Texts of at most some characters; `cut` once one had more."""

    def __init__(self, length: int) -> None:
        self._length, self.cut = length, False

    def text(self, text: str) -> str:
        """The text, or its beginning and how much there is more."""
        plain, length = _plain(text), self._length
        if len(plain) <= length:
            return plain
        self.cut = True
        return f"{plain[:length]}… ({len(plain) - length} more characters)"

    def lines(self, lines: tuple[str, ...]) -> list[str]:
        """The lines, or the first of them and how many there are more."""
        most = max(1, self._length // _PER_LINE)
        shown = [self.text(line) for line in lines[:most]]
        if len(lines) > most:
            self.cut = True
            shown.append(f"… and {len(lines) - most} more")
        return shown


def _plain(text: str) -> str:
    """The text without what is not seen, such as marks that turn the direction of writing; nor what a card computes."""
    seen = "".join(c if c == "\n" or c.isprintable() else " " for c in text)
    return seen.replace("{{", "{ {")


def _runs(*runs: Json) -> Json:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _run(text: str, **how: str | bool) -> Json:
    return {"type": "TextRun", "text": text, **how}
