"""The named key that tests show, people that own and approve, and the settings that the app knows them by."""

import hashlib
import json

from demo.identities import identity_settings
from demo.people import OIDS, READ, SUBMIT
from domain.approval.webhook_secrets import UNNAMED, WebhookSecret
from domain.callers.actors import Actor, ActorKind

KEY = "the-key-of-the-tests-0123456789abcdef"
HEADERS = {"X-API-Key": KEY}
KEY_OWNER, WEBHOOK_OWNER = OIDS["mary"], OIDS["alan"]
NAMED_KEYS = json.dumps(
    [
        {
            "name": "tests",
            "sha256": hashlib.sha256(KEY.encode()).hexdigest(),
            "roles": [READ, SUBMIT],
            "owners": [KEY_OWNER],
        }
    ]
)
WEBHOOK_OWNERS = json.dumps({UNNAMED: [WEBHOOK_OWNER]})
REQUESTER = Actor(kind=ActorKind.KEY, id="tests", label="tests", owners=(KEY_OWNER,))
AUDIT_KEY = "first=whsec_" + "QSBrZXkgZm9yIHRoZSBhdWRpdCBvZiB0aGUgdGVzdHM="
# Of the tests: it seals what they record.
SEALING_KEY = "whsec_" + "U2VhbHMgcmVxdWVzdHMgYW5kIGRlY2lzaW9ucyBvZiB0aGUgdGVzdHM="
SETTINGS = {
    "NAMED_KEYS": NAMED_KEYS,
    "APPROVAL_WEBHOOK_OWNERS": WEBHOOK_OWNERS,
    "SEALING_KEYS": SEALING_KEY,
    "AUDIT_KEYS": AUDIT_KEY,
    **identity_settings({}),
}


WEBHOOK = Actor(kind=ActorKind.WEBHOOK, id=UNNAMED, label=UNNAMED, owners=(WEBHOOK_OWNER,))


def webhook_secret(key: str) -> WebhookSecret:
    """A secret without a name, as the settings have it."""
    return WebhookSecret(name=UNNAMED, key=key, owners=(WEBHOOK_OWNER,))
