"""Tokens of the local tenant, which are really signed: what holds, what does not, and what its issuer is spared."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from domain.callers.actors import ActorKind, Role
from domain.callers.caller_settings import CallerSettings
from domain.callers.tokens import TokenError
from localcloud.entra.directory import CLIENT, TENANT, Directory
from localcloud.entra.people import with_roles
from localcloud.testing.running_entra import RunningEntra
from services import signing_keys
from services.signing_keys import KeysUnavailableError
from services.token_verification import TokenVerifier
from tests.activities.fixed_response_server import FixedResponse, fixed_responses

ADA, *_, PIPELINE = with_roles({"ada": ["Migration.Approve"], "pipeline": ["Migration.Submit"]})
OTHER = "0d0d0d0d-0000-4000-8000-000000000001"
CONFIGURATION, KEYS = "openid-configuration", "keys"


@pytest.fixture
def verifier(entra: RunningEntra) -> TokenVerifier:
    """One that has fetched nothing yet."""
    entra.asked.clear()
    entra.down = False
    return a_verifier(entra.directory.authority)


def settings(authority: str) -> CallerSettings:
    return CallerSettings(
        entra_tenant_id=TENANT, entra_audiences=(CLIENT,), entra_authority=authority
    )


def a_verifier(authority: str) -> TokenVerifier:
    return TokenVerifier(settings(authority))


def test_people_and_applications_are_who_their_tokens_say(
    verifier: TokenVerifier, entra: RunningEntra
) -> None:
    """By access token and by ID token, with their roles."""
    directory = entra.directory
    delegated = verifier.caller(directory.access_token(ADA))
    signed_in = verifier.caller(directory.id_token(ADA), identity=True)
    application = verifier.caller(directory.access_token(PIPELINE))

    assert (delegated.kind, delegated.id) == (ActorKind.PERSON, ADA.oid)
    assert delegated == signed_in
    assert delegated.roles == (Role.APPROVE,)
    assert (application.kind, application.roles) == (ActorKind.APPLICATION, (Role.SUBMIT,))


NOW = int(time.time())
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "expired": ({"exp": NOW - 120, "iat": NOW - 3720, "nbf": NOW - 3720}, "expired"),
    "not yet valid": ({"nbf": NOW + 600}, "not yet valid"),
    "for another app": ({"aud": OTHER}, "[Aa]udience"),
    "for two apps, neither this one": ({"aud": [OTHER, TENANT]}, "[Aa]udience"),
    "of another issuer": ({"iss": "https://login.microsoftonline.com/x/v2.0"}, "[Ii]ssuer"),
    "of another tenant": ({"tid": OTHER}, "tenant"),
    "of version 1": ({"ver": "1.0"}, "version 2"),
    "without an expiry": ({"exp": None}, "exp"),
    "without an audience": ({"aud": None}, "aud"),
    "without an object id": ({"oid": None}, "object id"),
}


@pytest.mark.parametrize(("claims", "words"), WRONG.values(), ids=WRONG)
def test_a_token_that_is_not_ours_proves_nobody(
    verifier: TokenVerifier, entra: RunningEntra, claims: dict[str, Any], words: str
) -> None:
    """Though its signature holds."""
    with pytest.raises(TokenError, match=words):
        verifier.caller(entra.directory.access_token(ADA, **claims))


def forged(entra: RunningEntra, tmp_path: Path) -> dict[str, str]:
    """Tokens that nobody signed, or somebody else."""
    good = entra.directory.access_token(ADA)
    head, body, signature = good.split(".")
    claims = jwt.decode(good, options={"verify_signature": False})
    strange = Directory(tmp_path / "strange", entra.directory.authority)
    renamed = Directory(tmp_path / "renamed", entra.directory.authority)
    renamed.key_id = entra.directory.key_id
    public = entra.directory._key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    symmetric = _part({"alg": "HS256", "typ": "JWT", "kid": entra.directory.key_id})
    mac = hmac.digest(public, f"{symmetric}.{body}".encode(), hashlib.sha256)
    more = _part({**claims, "roles": ["Migration.Admin"]})
    return {
        "another key": strange.access_token(ADA),
        "another key under the issuer's key id": renamed.access_token(ADA),
        "no signature": f"{head}.{body}.",
        "the algorithm none": f"{_part({'alg': 'none'})}.{body}.",
        "the public key as a secret": f"{symmetric}.{body}.{_text(mac)}",
        "another body": f"{head}.{more}.{signature}",
        "no token": "ada",
        "nothing": "",
        "too long": good + "A" * 40_000,
        "no key id": jwt.encode(claims, entra.directory._key, "RS256"),
    }


def _part(value: dict[str, Any]) -> str:
    return _text(json.dumps(value).encode())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_forged_token_proves_nobody(
    verifier: TokenVerifier, entra: RunningEntra, tmp_path: Path
) -> None:
    """Whatever was done to it; the only error is that it is not taken."""
    tokens = forged(entra, tmp_path)

    for token in tokens.values():
        with pytest.raises(TokenError):
            verifier.caller(token)


def test_keys_are_fetched_once(verifier: TokenVerifier, entra: RunningEntra) -> None:
    """However many tokens come, and whatever key ids they name."""
    for number in range(20):
        verifier.caller(entra.directory.access_token(ADA))
        unknown = jwt.encode({}, entra.directory._key, "RS256", headers={"kid": f"k{number}"})
        with pytest.raises(TokenError):
            verifier.caller(unknown)

    assert entra.asked == {CONFIGURATION: 1, KEYS: 1}


def test_without_keys_nobody_is_proven(verifier: TokenVerifier, entra: RunningEntra) -> None:
    """It is told apart from a wrong token, and the issuer is not asked again at once."""
    entra.down = True
    for _ in range(3):
        with pytest.raises(KeysUnavailableError):
            verifier.caller(entra.directory.access_token(ADA))

    assert entra.asked == {CONFIGURATION: 1}


def test_keys_outlive_an_issuer_that_is_down(entra: RunningEntra) -> None:
    """For a day; then they are none."""
    entra.asked.clear()
    entra.down, seconds = False, [0.0]
    verifier = TokenVerifier(settings(entra.directory.authority), lambda: seconds[0])
    verifier.caller(entra.directory.access_token(ADA))
    entra.down, seconds[0] = True, 7200.0
    assert verifier.caller(entra.directory.access_token(ADA)).id == ADA.oid

    seconds[0] = 90_000.0
    with pytest.raises(KeysUnavailableError):
        verifier.caller(entra.directory.access_token(ADA))
    assert entra.asked == {CONFIGURATION: 3, KEYS: 1}


def test_an_issuer_that_answers_drop_by_drop_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each drop comes in time; all of them together do not."""
    monkeypatch.setattr(signing_keys, "DEADLINE_SECONDS", 0.3)
    with dripping() as address, pytest.raises(KeysUnavailableError):
        a_verifier(address).caller(Directory(tmp_path, address).access_token(ADA))


@contextmanager
def dripping() -> Iterator[str]:
    """A server whose answer never ends: a byte every twentieth of a second."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            with suppress(OSError):
                while not over.wait(0.05):
                    self.wfile.write(b" ")

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


LIES = {
    "an error": FixedResponse(status=500),
    "no JSON": FixedResponse(body=b"<html>"),
    "a list": FixedResponse(body=b"[]"),
    "another issuer": FixedResponse(body=b'{"issuer": "https://elsewhere"}'),
    "a redirect": FixedResponse(status=302, headers={"Location": "http://169.254.169.254/"}),
    "too much": FixedResponse(body=b" " * (signing_keys.LARGEST_ANSWER + 1)),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_an_answer_that_is_no_configuration_gives_no_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: FixedResponse
) -> None:
    """And is followed nowhere."""
    with fixed_responses(tmp_path, lie) as (address, seen):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        with pytest.raises(KeysUnavailableError):
            a_verifier(address).caller(Directory(tmp_path / "entra", address).access_token(ADA))

    assert len(seen) == 1


def test_keys_on_another_host_are_not_fetched(tmp_path: Path, entra: RunningEntra) -> None:
    """A configuration that leads elsewhere is none."""
    asked_before = entra.asked.total()
    issuer = f"https://127.0.0.1:1/{TENANT}/v2.0"
    keys = signing_keys.SigningKeys(issuer)
    about = {"issuer": issuer, "jwks_uri": f"{entra.directory.authority}/keys"}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signing_keys, "_get", lambda *_: about)
        with pytest.raises(KeysUnavailableError):
            keys.find("k")

    assert entra.asked.total() == asked_before


def test_without_a_tenant_no_token_is_taken(entra: RunningEntra) -> None:
    """As in a fresh deployment."""
    with pytest.raises(TokenError, match="no tenant"):
        TokenVerifier(CallerSettings()).caller(entra.directory.access_token(ADA))
