"""Actors: who is behind one, and how people read it."""

from __future__ import annotations

import pytest

from domain.callers.actors import Actor, ActorKind, Caller, Proof, Role

ADA, BOB = (f"aaaaaaaa-0000-4000-8000-00000000000{n}" for n in (1, 2))
# kind, id, owners, who is behind it
BEHIND: dict[str, tuple[ActorKind, str, tuple[str, ...], set[str]]] = {
    "a person": (ActorKind.PERSON, ADA.upper(), (), {f"entra:{ADA}"}),
    "an application": (ActorKind.APPLICATION, ADA, (), {f"entra:{ADA}"}),
    "a key": (
        ActorKind.KEY,
        "Pipeline",
        (ADA, BOB.upper()),
        {"key:pipeline", f"entra:{ADA}", f"entra:{BOB}"},
    ),
    "a key that is named as a person's id is": (ActorKind.KEY, ADA, (), {f"key:{ADA}"}),
    "a secret": (ActorKind.WEBHOOK, "tickets", (ADA,), {"webhook:tickets", f"entra:{ADA}"}),
    "an event": (ActorKind.EVENT, "eventGrid", (), {"event:eventgrid"}),
}


@pytest.mark.parametrize(("kind", "name", "owners", "behind"), BEHIND.values(), ids=BEHIND)
def test_people_and_applications_are_behind_what_they_own(
    kind: ActorKind, name: str, owners: tuple[str, ...], behind: set[str]
) -> None:
    """In one spelling; the names of keys and secrets are no ids of Entra."""
    assert Actor(kind=kind, id=name, owners=owners).identities == behind


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("Ada", f"Ada (person {ADA})"),
        ("", f"person {ADA}"),
        (ADA, f"person {ADA}"),
    ],
)
def test_an_actor_is_called_by_its_label_and_what_it_is(label: str, words: str) -> None:
    """Nothing is said twice, nor left empty."""
    assert Actor(kind=ActorKind.PERSON, id=ADA, label=label).words == words


def test_roles_and_proof_are_not_recorded() -> None:
    """They hold for the moment of asking only."""
    known = Actor(kind=ActorKind.KEY, id="pipeline", label="Pipeline", owners=(ADA,))
    caller = Caller(**dict(known), proof=Proof.KEY, roles=(Role.READ,), flaw="expired")
    assert caller.actor == known
