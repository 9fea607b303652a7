"""Signatures of decisions, as the Standard Webhooks specification says, checked when one comes and again at the gate.

The library's `verify` refuses what is older than five minutes, so what was stored is checked with its `sign`. The time
at which a decision was received is sealed with the secret that signed it: the signed timestamp was held against the
wall clock within that moment, and whoever can write the records can make neither signature nor seal.
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from domain.approval.decisions import StoredDecision
from domain.approval.submissions import decision_of, parse_decision
from domain.approval.webhook_secrets import WebhookSecret
from domain.callers.actors import Caller
from domain.errors import InvalidRequestError
from domain.migration.recorded import Envelope, ReceivedDecision

SIGNATURE_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
_VERSION = "v1,"


class Signed(NamedTuple):
    """A body whose signature holds: the three headers, and the secret that they hold for."""

    webhook_id: str
    timestamp: str
    signature: str
    secret: WebhookSecret

    def sealed(self, body: bytes, received_at: datetime) -> Envelope:
        """The envelope to keep, with the time at which it came."""
        return Envelope(
            webhook_id=self.webhook_id,
            timestamp=self.timestamp,
            signature=self.signature,
            body=body.decode(),
            seal=_seal(
                self.secret.key, self.webhook_id, self.timestamp, body.decode(), received_at
            ),
        )


class SigningCaller(Caller):
    """The caller whose proof is a signature, with what was signed: it is verified once."""

    signed: Signed


def verified(
    body: bytes, headers: Mapping[str, str], secrets: Sequence[WebhookSecret]
) -> Signed | None:
    """The headers of a body whose signature holds now for one of the secrets; None otherwise.

    The library raises more than its own error (ValueError for a header without a comma, UnicodeDecodeError for a body
    that is not UTF-8), so whatever it raises means no.
    """
    from standardwebhooks import Webhook

    given = {name: headers.get(name) or "" for name in SIGNATURE_HEADERS}
    if not given["webhook-id"]:
        return None
    for secret in secrets:
        try:
            Webhook(secret.key).verify(body, given, json_parse=False)
        except Exception:  # noqa: BLE001, S112 - see the docstring
            continue
        name, timestamp, signature = (given[name] for name in SIGNATURE_HEADERS)
        return Signed(name, timestamp, signature, secret)
    return None


def genuine(received: ReceivedDecision, secrets: Sequence[WebhookSecret]) -> StoredDecision | None:
    """The decision in a stored envelope, read from what was signed, if one of the secrets signed and sealed it; nothing
    that the row says beside it counts but the time, which is sealed."""
    envelope, at = received.envelope, received.decision.received_at
    if envelope is None:
        return None
    by = next((secret for secret in secrets if _holds(envelope, secret.key, at)), None)
    if by is None:
        return None
    try:
        said = parse_decision(envelope.body.encode())
    except InvalidRequestError:
        return None
    return decision_of(said, received.decision.key, at, by.caller.actor)


def _holds(envelope: Envelope, secret: str, received_at: datetime) -> bool:
    try:
        signature = _signature(secret, envelope.webhook_id, envelope.timestamp, envelope.body)
        seal = _seal(secret, envelope.webhook_id, envelope.timestamp, envelope.body, received_at)
        sealed = hmac.compare_digest(seal.encode(), envelope.seal.encode())
    except (ValueError, OverflowError):
        return False
    given = [part.removeprefix(_VERSION) for part in envelope.signature.split(" ")]
    return sealed and any(hmac.compare_digest(signature, _bytes_of(one)) for one in given)


def _signature(secret: str, webhook_id: str, timestamp: str, body: str) -> bytes:
    from standardwebhooks import Webhook

    # As the library's `verify` reads it.
    at = datetime.fromtimestamp(float(timestamp), UTC)
    return _bytes_of(Webhook(secret).sign(webhook_id, at, body).removeprefix(_VERSION))


def _seal(secret: str, webhook_id: str, timestamp: str, body: str, received_at: datetime) -> str:
    """A MAC over all of it and the time; its text begins as no signed text of the specification's can."""
    key = base64.b64decode(secret.removeprefix("whsec_") + "==")
    parts = ("received", received_at.astimezone(UTC).isoformat(), webhook_id, timestamp, body)
    text = "".join(f"{len(part)}:{part}," for part in parts)
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def _bytes_of(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except ValueError:
        return b""
