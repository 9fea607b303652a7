"""The signature ARM appends to operation URLs since 2025: `t`, `c`, `s`, `h`, about 3 kB.

Clients must follow such a URL as it is; the emulator refuses one whose signature does not fit.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from datetime import datetime

from localcloud.arm.protocol.timestamps import ticks


def _b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


class Signer:
    """Signs operation URLs with a key of its own."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        # Opaque to clients, as long as the real ones: the certificate, the rest of the signature.
        filler = _b64(b"".join(hashlib.sha512(key + bytes([i])).digest() for i in range(34)))
        self._certificate, rest = filler[:2560], filler[2560:]
        self._rest = f"{rest[:214]}&h={rest[214:257]}"

    def sign(self, url: str, now: datetime) -> str:
        """The URL with its signature options."""
        stamped = f"{url}&t={ticks(now)}&c="
        return stamped + self._certificate + self._proof(stamped)

    def _proof(self, signed: str) -> str:
        text = signed[signed.index("/subscriptions/") :].encode()
        return f"&s={hashlib.blake2b(text, key=self._key).hexdigest()}{self._rest}"

    def seal(self, text: str) -> str:
        """A proof of a text, for the `sig` of an address."""
        return hashlib.blake2b(text.encode(), key=self._key, digest_size=32).hexdigest()

    def fits(self, path_and_query: str) -> bool:
        """Return True if the URL has no signature, or the right one."""
        signed, mark, _ = path_and_query.partition("&s=")
        if not mark or not signed.endswith(self._certificate):
            return not mark
        proof = self._proof(signed.removesuffix(self._certificate))
        return hmac.compare_digest(signed + proof, path_and_query)
