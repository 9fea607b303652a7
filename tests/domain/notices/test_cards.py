"""Cards: small enough whatever is told, nothing cut without a word, nothing that decides."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.migration.stages import Outcome
from domain.notices.cards import MOST_BYTES, card_of, size_of, title_of
from domain.notices.facts import NoticeFacts
from domain.notices.notice import ASKING, ASKING_AGAIN, END, REMINDER, RESTORED, STALLED, TYPES
from domain.values import Json
from tests.builders import IMAGE_ID, MIGRATION_ID, NOW

LINK = f"https://migrator.example/api/migrations/{MIGRATION_ID}"
SHORTENED = "Shortened to fit into Teams: the migration itself has all of it."


def facts(kind: str = ASKING, **changes: Any) -> NoticeFacts:
    """The facts of a notice."""
    values: Json = {
        "kind": kind,
        "at": NOW,
        "migration_id": MIGRATION_ID,
        "image_id": IMAGE_ID,
        "version_id": "/versions/1.0.0",
        "requester": "Ada (person 1)",
        "deadline": NOW + timedelta(days=3),
        "to_do": "decide",
        "link": LINK,
    }
    return NoticeFacts(**{**values, **changes})


def content(message: Json) -> Json:
    """The card in a message."""
    [attachment] = message["attachments"]
    card: Json = attachment["content"]
    return card


def lines(message: Json) -> list[str]:
    """The texts of a card, block by block."""
    return ["".join(run["text"] for run in b["inlines"]) for b in content(message)["body"]]


def every(value: Any) -> Iterator[Json]:
    """Every object in a message."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from every(inner)


TEXT = st.one_of(
    st.text(max_size=40),
    st.builds(
        lambda text, times: text * times, st.text(min_size=1, max_size=20), st.integers(1, 2000)
    ),
)
LISTS = st.lists(TEXT, max_size=60).map(tuple)


@given(
    st.builds(
        facts,
        kind=st.sampled_from(TYPES),
        image_id=TEXT,
        version_id=TEXT,
        requester=TEXT,
        statement=TEXT,
        statement_hash=TEXT,
        reason=TEXT,
        to_do=TEXT,
        try_command=TEXT,
        stage=TEXT,
        users=LISTS,
        warnings=LISTS,
        refused=LISTS,
        outcome=st.sampled_from([None, *Outcome]),
        result=st.builds(lambda image: {"image": image}, TEXT),
    )
)
def test_a_card_is_small_enough_and_says_when_it_was_shortened(told: NoticeFacts) -> None:
    """Under 18 KB as it is posted, whatever is told; the link and the migration's id stay whole."""
    message = card_of(told)
    assert size_of(message) == len(json.dumps(message).encode()) < MOST_BYTES
    assert [action["url"] for action in content(message)["actions"]] == [LINK]
    texts = lines(message)
    assert f"Migration: {MIGRATION_ID}" in texts
    cut = "more characters)" in "".join(texts) or any(t.startswith("… and ") for t in texts)
    if texts[-1] == SHORTENED:
        assert cut
    if any(len(text) > 4000 for text in _told(told)):
        assert texts[-1] == SHORTENED
    elif sum(map(len, _told(told))) < 500 and len(_told(told)) < 30:
        assert texts[-1] != SHORTENED


def _told(told: NoticeFacts) -> list[str]:
    single = (told.image_id, told.reason, told.statement, told.to_do, told.requester)
    return [*single, *told.users[:40], *told.warnings[:40], *told.refused[:40]]


@pytest.mark.parametrize("known", TYPES)
def test_nothing_on_a_card_decides(known: str) -> None:
    """One link, to the migration; no input, and nothing that is sent back."""
    message = card_of(facts(known, outcome=Outcome.KEPT))
    kinds = {value["type"] for value in every(message) if "type" in value}
    assert kinds == {"message", "AdaptiveCard", "RichTextBlock", "TextRun", "Action.OpenUrl"}
    [action] = content(message)["actions"]
    assert action == {"type": "Action.OpenUrl", "title": "Open the migration", "url": LINK}


def test_the_envelope_is_the_one_that_workflows_take() -> None:
    """A wrong one may be answered well, and nothing be posted."""
    message = card_of(facts())
    [attachment] = message["attachments"]
    assert message["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["contentUrl"] is None
    card = content(message)
    assert (card["version"], card["msteams"]) == ("1.4", {"width": "Full"})
    assert card["$schema"] == "http://adaptivecards.io/schemas/adaptive-card.json"
    assert card["fallbackText"] == lines(message)[0] == "Delete the managed image web-2019?"


def test_without_an_address_there_is_no_button() -> None:
    """The id says which migration it is."""
    message = card_of(facts(link=""))
    assert "actions" not in content(message)
    assert f"Migration: {MIGRATION_ID}" in lines(message)


def test_a_text_makes_no_link_and_hides_nothing() -> None:
    """All of it is in runs, which read no Markdown; marks that turn the direction of writing, and what a card would
    compute, are taken out."""
    message = card_of(
        facts(END, outcome=Outcome.KEPT, reason="[ok](https://evil)\u202e\x07 {{DATE(x)}}\nb")
    )
    assert "Reason: [ok](https://evil)   { {DATE(x)}}\nb" in lines(message)


@pytest.mark.parametrize(
    ("kind", "changes", "title"),
    [
        (ASKING, {}, "Delete the managed image web-2019?"),
        (
            f"{ASKING_AGAIN}.2",
            {},
            "Asked again, since something has changed: delete the managed image web-2019?",
        ),
        (f"{REMINDER}.PT2H", {}, "Still to be decided: delete the managed image web-2019?"),
        (STALLED, {}, "The migration of web-2019 stands still"),
        (RESTORED, {}, "The managed image web-2019 was restored"),
        (END, {}, "web-2019 is migrated"),
        (END, {"outcome": Outcome.COMPLETED, "result": {"image": "kept"}}, "web-2019 is migrated"),
        (
            END,
            {"outcome": Outcome.COMPLETED, "result": {"image": "deleted"}},
            "web-2019 is migrated, and the managed image deleted",
        ),
        (END, {"outcome": Outcome.KEPT, "result": {}}, "The managed image web-2019 is kept"),
        (
            END,
            {"outcome": Outcome.KEPT, "refused": ("no lock: one",)},
            "The deletion of the managed image web-2019 was refused",
        ),
        (END, {"outcome": Outcome.FAILED}, "The migration of web-2019 failed"),
        (END, {"outcome": Outcome.CANCELLED}, "The migration of web-2019 was cancelled"),
    ],
)
def test_the_heading_says_what_has_happened(kind: str, changes: Json, title: str) -> None:
    """Or what is asked."""
    assert title_of(facts(kind, **changes)) == title


def test_a_question_shows_what_is_decided() -> None:
    """In this order; what is not known has no line."""
    told = facts(
        statement="the text",
        statement_hash="abc",
        try_command="az vm create",
        users=("a scale set",),
        warnings=("slow",),
        stage="approval",
    )
    assert lines(card_of(told)) == [
        "Delete the managed image web-2019?",
        "What to do: decide",
        "Decide until: 2026-03-05 09:30 UTC",
        f"Image: {IMAGE_ID}",
        "Version: /versions/1.0.0",
        "Requested by: Ada (person 1)",
        "Test it with: az vm create",
        "Statement: the text",
        "Hash of the statement: abc",
        f"Migration: {MIGRATION_ID}",
        "Who uses the image",
        "a scale set",
        "Warnings",
        "slow",
    ]


def test_an_end_shows_what_came_of_it() -> None:
    """Outcome, reason, the image's fate, and the checks that kept it."""
    rows = facts(
        END,
        deadline=None,
        outcome=Outcome.KEPT,
        reason="locked",
        result={"image": "kept"},
        refused=("no lock: one",),
        try_command="az vm create",
    )
    texts = lines(card_of(rows))
    assert texts[2:6] == [
        "Outcome: kept",
        "Reason: locked",
        f"Image: {IMAGE_ID}",
        "The image now: kept",
    ]
    assert texts[-2:] == ["Checks that kept it", "no lock: one"]
    assert not any("az vm create" in text for text in texts)
    assert "Stage: replication" in lines(card_of(facts(STALLED, stage="replication")))


def test_a_text_is_cut_by_as_little_as_is_needed() -> None:
    """One that fits stays; else its beginning stays, and how much is missing is said."""
    fits = "x" * 4000
    assert f"Statement: {fits}" in lines(card_of(facts(statement=fits)))
    texts = lines(card_of(facts(statement="x" * 4001)))
    assert f"Statement: {fits}… (1 more characters)" in texts
    assert texts[-1] == SHORTENED
    smile = "\U0001f600"
    wide = lines(card_of(facts(statement=smile * 2000)))
    assert f"Statement: {smile * 1000}… (1000 more characters)" in wide


TEXTS = (
    "statement",
    "reason",
    "to_do",
    "version_id",
    "requester",
    "statement_hash",
    "try_command",
)


@pytest.mark.parametrize(
    ("texts", "letter", "length"),
    [
        (TEXTS[:1], "\u00e9", 2000),
        (TEXTS[:1], "\U0001f600", 1000),
        (TEXTS[:2], "\U0001f600", 500),
        (TEXTS[:4], "\U0001f600", 250),
        (TEXTS, "\U0001f600", 120),
    ],
)
def test_texts_are_halved_until_all_fit(texts: tuple[str, ...], letter: str, length: int) -> None:
    """The more there are, and the wider their letters, the less stays of each."""
    shown = lines(card_of(facts(**dict.fromkeys(texts, letter * 5000))))
    cut = [text for text in shown if "more characters)" in text]
    assert len(cut) == len(texts)
    assert all(t.endswith(f": {letter * length}… ({5000 - length} more characters)") for t in cut)


def test_where_all_is_long_there_is_a_line_of_everything() -> None:
    """The beginning of each text, and one line of each list."""
    wide = "\U0001f600" * 5000
    lists: Json = dict.fromkeys(("users", "warnings", "refused"), (wide, wide))
    message = card_of(facts(image_id=wide, **dict.fromkeys(TEXTS, wide), **lists))
    beginning = f"{wide[:60]}… (4940 more characters)"
    assert f"Statement: {beginning}" in lines(message)
    assert lines(message)[-3:] == [beginning, "… and 1 more", SHORTENED]


def test_a_card_of_18000_bytes_is_too_large() -> None:
    """One byte less is not."""
    texts = dict.fromkeys(TEXTS[:4], "x" * 3800)
    room = 17_999 - size_of(card_of(facts(**texts, try_command="y")))
    fits = card_of(facts(**texts, try_command="y" * (room + 1)))
    assert size_of(fits) == 17_999
    assert SHORTENED not in lines(fits)
    assert f"Test it with: {'y' * (room + 1)}" in lines(fits)
    larger = card_of(facts(**texts, try_command="y" * (room + 2)))
    assert lines(larger)[-1] == SHORTENED


def test_the_note_that_a_card_was_shortened_is_no_fact_of_the_migration() -> None:
    """So it is written in a fainter colour."""
    [note] = content(card_of(facts(statement="x" * 4001)))["body"][-1]["inlines"]
    assert note == {"type": "TextRun", "text": SHORTENED, "isSubtle": True}


def test_a_list_is_cut_with_the_number_of_the_rest() -> None:
    """Forty lines at most; of long lines fewer."""
    users = tuple(f"user {n}" for n in range(41))
    assert lines(card_of(facts(users=users[:40])))[-1] == "user 39"
    assert lines(card_of(facts(users=users)))[-2:] == ["… and 1 more", SHORTENED]
    long = lines(card_of(facts(users=tuple("y" * 3000 for _ in range(41)))))
    assert [len(line) for line in long].count(3000) < 10
    assert any(line.startswith("… and ") for line in long)
