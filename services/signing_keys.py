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
            self._keys = self._read(time.monotonic() + DEADLINE_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever comes of an answer of somebody else's
            log.warning("the keys of %s cannot be fetched: %s", self._issuer, error)
            return
        self._fetched_at = now

    def _read(self, until: float) -> "dict[str, PyJWK]":
        from jwt import PyJWKSet

        about = _get(f"{self._issuer}/.well-known/openid-configuration", until)
        if about.get("issuer") != self._issuer:
            raise ValueError("it is the configuration of another issuer")
        address = str(about.get("jwks_uri"))
        if urlsplit(address)[:2] != urlsplit(self._issuer)[:2]:
            raise ValueError("its keys are on another host")
        found = PyJWKSet.from_dict(_get(address, until)).keys
        return {key.key_id: key for key in found if key.key_id and key.key_type == "RSA"}


def _get(address: str, until: float) -> dict[str, Any]:
    """A JSON object, read before a deadline; redirects are not followed."""
    import requests

    body = b""
    plain = {"Accept-Encoding": "identity"}
    with requests.get(
        address, headers=plain, timeout=DEADLINE_SECONDS, stream=True, allow_redirects=False
    ) as answer:
        if answer.status_code != 200:
            raise ValueError(f"{address} answers {answer.status_code}")
        # One read of the socket each: what comes drop by drop does not pass the deadline.
        while part := answer.raw.read1(16_384):
            body += part
            if len(body) > LARGEST_ANSWER or time.monotonic() > until:
                raise ValueError(f"{address} answers too much, or too slowly")
    found = json.loads(body)
    if not isinstance(found, dict):
        raise TypeError(f"{address} answers no JSON object")
    return found
