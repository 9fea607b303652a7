"""The receivers of notices, by the settings: the signed webhook, and workflows of Microsoft Teams.

Their addresses are configuration, never input. What they answer is their status alone, and they are asked at once: none
waits for another.
"""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from domain.notices.cards import card_of
from domain.notices.facts import NoticeFacts, payload_of
from domain.notices.notice import WEBHOOK
from domain.results import ActivityError
from domain.settings import Settings
from services.posting import NoAnswerError, post


@dataclass(frozen=True)
class Receiver:
    """One receiver. `name` tells it from others in records and logs; a `secret` signs what it gets."""

    name: str
    url: str = field(repr=False)
    secret: str = field(default="", repr=False)

    def body_of(self, facts: NoticeFacts) -> str:
        """The notice in the form that this receiver reads."""
        return json.dumps(payload_of(facts) if self.secret else card_of(facts))

    def tell(self, webhook_id: str, body: str) -> ActivityError | None:
        """Post a notice; None if it was taken. It takes ten seconds at most (`services/posting.py`)."""
        from requests import RequestException

        try:
            status = post(self.url, body.encode(), self._headers(webhook_id, body))
        except (RequestException, NoAnswerError) as error:
            # The exception's text would show the address.
            return ActivityError(
                code="NotificationFailed", message=type(error).__name__, transient=True
            )
        if 200 <= status < 300:
            return None
        return ActivityError(
            code="NotificationRefused",
            message=f"the receiver answered {status}",
            status=status,
            transient=status == 429 or status >= 500,
        )

    def _headers(self, webhook_id: str, body: str) -> Mapping[str, str]:
        if not self.secret:
            return {"content-type": "application/json"}
        from standardwebhooks import Webhook

        # Receivers check it against the wall clock.
        now = datetime.now(UTC)
        return {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(webhook_id, now, body),
        }


def receivers_of(settings: Settings) -> tuple[Receiver, ...]:
    """Return everybody who is told."""
    signed = settings.notification_url
    webhook = [Receiver(WEBHOOK, signed, settings.notification_secret)] if signed else []
    return (*webhook, *(Receiver(_name(url), url) for url in settings.teams_webhook_urls))


def tell_all(
    posts: Sequence[tuple[Receiver, str, str]],
) -> list[ActivityError | None]:
    """The answers to posts of a webhook-id and a body each, all asked at the same time: ten seconds at most in all."""
    if not posts:
        return []
    with ThreadPoolExecutor(len(posts), thread_name_prefix="telling") as pool:
        return list(pool.map(lambda asked: asked[0].tell(asked[1], asked[2]), posts))


def _name(url: str) -> str:
    """A name that stays when the setting's order does not; nobody finds the address by it."""
    return f"teams-{sha256(url.encode()).hexdigest()[:8]}"
