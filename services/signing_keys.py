"""The keys that Entra signs with, as its openid-configuration leads to them.

They are kept for an hour, and looked for again when a token names one that is not known, but never more often than once
a minute: whoever invents key ids makes no traffic. Each fetch has a deadline and a largest size. Keys that cannot be
fetched again go on for a day. docs/platform-notes.md#who-signed-in
"""

import json
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from jwt import PyJWK
    from requests import Session

FRESH_SECONDS, KEPT_SECONDS, AGAIN_SECONDS = 3600.0, 86_400.0, 60.0
DEADLINE_SECONDS = 5.0
LARGEST_ANSWER = 262_144

log = logging.getLogger("gallery_migrator")


class KeysUnavailableError(Exception):
    """The keys cannot be fetched now, so nobody's token can be verified; `retry_after` seconds may help."""

    retry_after = AGAIN_SECONDS


class SigningKeys:
    """The keys of one issuer; safe for threads."""

    def __init__(self, issuer: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._issuer, self._monotonic = issuer, monotonic
        self._keys: dict[str, PyJWK] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._lock = threading.Lock()

    def find(self, key_id: str) -> "PyJWK | None":
        """The key of that id, or None. Raises KeysUnavailableError."""
        with self._lock:
            now = self._monotonic()
            wanted = key_id not in self._keys or now - self._fetched_at > FRESH_SECONDS
            if wanted and now - self._tried_at > AGAIN_SECONDS:
                self._fetch(now)
            if now - self._fetched_at > KEPT_SECONDS:
                raise KeysUnavailableError(f"the keys of {self._issuer} cannot be fetched")
            return self._keys.get(key_id)

    def _fetch(self, now: float) -> None:
        self._tried_at = now
        try:
            self._keys = self._read()
        except Exception as error:  # noqa: BLE001 - whatever comes of an answer of somebody else's
            log.warning("the keys of %s cannot be fetched: %s", self._issuer, error)
            return
        self._fetched_at = now

    def _read(self) -> "dict[str, PyJWK]":
        # Loading these may take seconds at a cold start, which are not the issuer's.
        from jwt import PyJWKSet
        from requests import Session

        until = time.monotonic() + DEADLINE_SECONDS
        with Session() as session:
            about = _get(session, f"{self._issuer}/.well-known/openid-configuration", until)
            keys = PyJWKSet.from_dict(_get(session, self._keys_at(about), until)).keys
        return {key.key_id: key for key in keys if key.key_id and key.key_type == "RSA"}

    def _keys_at(self, about: dict[str, Any]) -> str:
        if about.get("issuer") != self._issuer:
            raise ValueError("it is the configuration of another issuer")
        address = str(about.get("jwks_uri"))
        if urlsplit(address)[:2] != urlsplit(self._issuer)[:2]:
            raise ValueError("its keys are on another host")
        return address


def _get(session: "Session", address: str, until: float) -> dict[str, Any]:
    """A JSON object, read before a deadline; redirects are not followed."""
    body = b""
    plain = {"Accept-Encoding": "identity"}
    with session.get(
        address, headers=plain, timeout=DEADLINE_SECONDS, stream=True, allow_redirects=False
    ) as answer:
        if answer.status_code != 200:
            raise ValueError(f"{address} answers {answer.status_code}")
        # One read of the socket each: what comes drop by drop does not pass the deadline.
        while part := answer.raw.read1(16_384):
            body += part
            if len(body) > LARGEST_ANSWER or time.monotonic() > until:
                raise ValueError(f"{address} answers too much, or too slowly")
    content = json.loads(body)
    if not isinstance(content, dict):
        raise TypeError(f"{address} answers no JSON object")
    return content
