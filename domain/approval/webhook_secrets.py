"""Secrets of the approval webhook: each has a name and owners. Several of one name are one voice: while one replaces
another."""

from collections.abc import Mapping, Sequence

from domain.callers.actors import ActorKind, Caller, Proof
from domain.setting_types import webhook_secret
from domain.values import Message

UNNAMED = "webhook"
_PREFIX = "whsec_"


class WebhookSecret(Message):
    """One secret, as its owner has it too."""

    name: str
    key: str
    owners: tuple[str, ...]

    @property
    def caller(self) -> Caller:
        """Whoever has signed with it."""
        return Caller(
            kind=ActorKind.WEBHOOK,
            id=self.name,
            label=self.name,
            owners=self.owners,
            proof=Proof.SIGNATURE,
        )


def named_secret(text: str) -> str:
    """The setting of one secret, `name=whsec_…` or `whsec_…`. Raises ValueError."""
    name, key = split_name(text)
    webhook_secret(key)
    if not name.isascii() or not name.replace("-", "a").replace("_", "a").isalnum():
        raise ValueError("must be whsec_… or name=whsec_…, the name of letters, digits, - and _")
    return text


def split_name(text: str) -> tuple[str, str]:
    """Name and secret in the setting of one; its padding may hold the sign that parts them, too."""
    name, sign, key = text.partition("=")
    if not sign or name.startswith(_PREFIX):
        return UNNAMED, text
    return name, key


def secrets_of(
    texts: Sequence[str], owners: Mapping[str, Sequence[str]]
) -> tuple[WebhookSecret, ...]:
    """The secrets in the settings, with their owners."""
    named = map(split_name, texts)
    return tuple(
        WebhookSecret(name=name, key=key, owners=tuple(owners.get(name, ()))) for name, key in named
    )
