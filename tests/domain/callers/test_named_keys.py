"""Named keys: settings know their hashes; what is short, unknown or empty opens nothing."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.callers.actors import Proof, Role
from domain.callers.named_keys import NamedKey, caller_of_key, entry_problems

OID = "aaaaaaaa-0000-4000-8000-000000000001"
SECRET = "k" * 32


def an_entry(name: str = "pipeline", secret: str = SECRET, **changes: Any) -> NamedKey:
    body: dict[str, Any] = {"name": name, "sha256": hashlib.sha256(secret.encode()).hexdigest()}
    body |= {"roles": ["Migration.Read", "Migration.Submit"], "owners": [OID]}
    return NamedKey.model_validate({**body, **changes})


def test_a_key_is_its_entry() -> None:
    """Name, roles and owners are those of the settings."""
    caller = caller_of_key(SECRET, [an_entry("other", "o" * 40), an_entry()])

    assert caller is not None
    assert (caller.id, caller.proof) == ("pipeline", Proof.KEY)
    assert caller.roles == (Role.READ, Role.SUBMIT)
    assert caller.identities == {"key:pipeline", f"entra:{OID}"}


@pytest.mark.parametrize("shown", ["", SECRET[:-1], SECRET + " ", SECRET.upper(), "ü" * 40])
def test_another_key_is_nobody(shown: str) -> None:
    """Shorter, longer, another case, another script."""
    assert caller_of_key(shown, [an_entry()]) is None


def test_a_short_key_is_nobody_even_if_its_hash_is_known() -> None:
    """Whoever hashes an empty text has opened nothing."""
    assert caller_of_key("", [an_entry(secret="")]) is None
    assert caller_of_key("short", [an_entry(secret="short")]) is None
    assert caller_of_key(SECRET[:31], [an_entry(secret=SECRET[:31])]) is None


def test_a_key_of_two_entries_is_nobody() -> None:
    """It is not known whose it was; settings refuse it, and this does not rely on that."""
    assert caller_of_key(SECRET, [an_entry(), an_entry("other")]) is None


def test_without_entries_everybody_is_nobody() -> None:
    """As in a fresh deployment."""
    assert caller_of_key(SECRET, []) is None


@given(st.text(max_size=80))
def test_nothing_random_is_a_key(shown: str) -> None:
    """Whatever text comes."""
    assert caller_of_key(shown, [an_entry()]) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "00"},
        {"sha256": SECRET},
        {"roles": []},
        {"roles": ["Migration.Everything"]},
        {"owners": []},
        {"owners": ["ada@contoso.com"]},
        {"name": "a b"},
        {"note": "unknown"},
    ],
    ids=str,
)
def test_an_entry_that_is_not_of_the_form_is_refused(changes: dict[str, Any]) -> None:
    """No roles, no owners, unknown fields, a key in the place of its hash."""
    with pytest.raises(ValidationError):
        an_entry(**changes)


def test_what_is_wrong_with_entries_together_is_named_at_once() -> None:
    """A name twice, a key twice, a role that no key has: each with its place, and no more than that."""
    roles = ["Migration.Read", "Migration.Approve"]
    entries = [an_entry(), an_entry("PIPELINE", roles=roles)]

    assert entry_problems(entries) == [
        "[1].name: 'PIPELINE' is used twice",
        "[1].sha256: another entry has the same key",
        "[1].roles: a key never has Migration.Approve",
    ]


def test_entries_that_differ_are_fine() -> None:
    """Each has its own name and key."""
    assert entry_problems([an_entry(), an_entry("other", "o" * 40)]) == []


@pytest.mark.parametrize("name", ["a", "A-b_c.9", "a" * 64])
def test_a_name_has_up_to_64_letters_digits_and_signs(name: str) -> None:
    """It stands in records and logs."""
    assert an_entry(name).name == name


@pytest.mark.parametrize("name", ["", "-a", ".a", "a" * 65, "a\n"])
def test_another_name_is_refused(name: str) -> None:
    """Nothing that could be taken for something else."""
    with pytest.raises(ValidationError):
        an_entry(name)
