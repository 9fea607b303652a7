"""The caller is known by one credential that holds, and nothing that only looks like one."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from typing import Any

import azure.functions as func
import pytest

from domain.callers.actors import ActorKind, Caller, Proof, Role
from localcloud.entra.directory import CLIENT, TENANT, Directory
from localcloud.entra.people import with_roles
from localcloud.entra.sign_in import SignIn
from localcloud.testing.running_entra import RunningEntra
from services.signing_keys import KeysUnavailableError
from tests.app import app, forget
from triggers.http.callers import UnrecognisedError, caller_of

ADA, GRACE, *_ = with_roles({"ada": [Role.APPROVE], "grace": [Role.READ]})
KEY = "k" * 40
NAMED = {
    "name": "pipeline",
    "sha256": hashlib.sha256(KEY.encode()).hexdigest(),
    "roles": ["Migration.Read", "Migration.Submit"],
    "owners": [GRACE.oid],
}
PRINCIPAL, ID_TOKEN = "X-MS-CLIENT-PRINCIPAL", "X-MS-TOKEN-AAD-ID-TOKEN"


@pytest.fixture
def configured(
    entra: RunningEntra, own_records: None, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """Sign-in, tokens and a named key."""
    entra.down = False
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")
    monkeypatch.setenv("APP_SERVICE_AUTHENTICATION", "true")
    monkeypatch.setenv("ENTRA_AUTHORITY", entra.directory.authority)
    monkeypatch.setenv("ENTRA_TENANT_ID", TENANT)
    monkeypatch.setenv("ENTRA_AUDIENCES", CLIENT)
    monkeypatch.setenv("NAMED_KEYS", json.dumps([NAMED]))
    return monkeypatch


def asked(headers: dict[str, str], path: str = "/api/health", handler: str = "health") -> Caller:
    """The caller that the app takes the sender of these headers for."""
    request = func.HttpRequest("GET", f"http://127.0.0.1{path}", headers=headers, body=b"")
    return asyncio.run(caller_of(app(), request, handler))


def principal(directory: Directory, account: Any = ADA) -> str:
    """The header that App Service sends for somebody."""
    claims = directory.read(directory.id_token(account))
    listed = [
        {"typ": name, "val": str(one)}
        for name, value in claims.items()
        for one in (value if isinstance(value, list) else [value])
    ]
    return base64.b64encode(json.dumps({"auth_typ": "aad", "claims": listed}).encode()).decode()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_person_by_header_and_token(configured: object, entra: RunningEntra) -> None:
    """The roles are the token's, which was verified; the header alone carries less."""
    directory = entra.directory
    signed_in = {PRINCIPAL: principal(directory), ID_TOKEN: directory.id_token(ADA)}

    proven, told = asked(signed_in), asked({PRINCIPAL: principal(directory)})

    assert (proven.kind, proven.id, proven.proof) == (ActorKind.PERSON, ADA.oid, Proof.TOKEN)
    assert (told.id, told.proof, told.roles) == (ADA.oid, Proof.HEADER, (Role.APPROVE,))
    assert "token store" in told.flaw


def test_the_sign_in_of_the_local_cloud_is_taken(configured: object, entra: RunningEntra) -> None:
    """The app reads just that which it puts in front."""
    door = SignIn(entra.directory, (Role.APPROVE,))
    cookie = f"AppServiceAuthSession={entra.directory.id_token(ADA)}"
    from aiohttp.test_utils import make_mocked_request

    headers = {"Cookie": cookie, "Host": "127.0.0.1"}
    sent = dict(door.headers(make_mocked_request("GET", "/", headers=headers)))

    assert asked(sent).roles == (Role.APPROVE,)


def test_a_bearer_token_is_enough(configured: object, entra: RunningEntra) -> None:
    """For people and for applications, with the header of App Service or without."""
    token = entra.directory.access_token(ADA)

    assert asked(bearer(token)).id == ADA.oid
    assert asked({**bearer(token), PRINCIPAL: principal(entra.directory)}).proof is Proof.TOKEN


def test_an_expired_sign_in_is_app_services_word_alone(
    configured: object, entra: RunningEntra
) -> None:
    """The session lives longer than its token: it looks and asks, and approves nothing."""
    token = entra.directory.id_token(ADA, exp=1_700_000_000, iat=1, nbf=1)
    caller = asked({PRINCIPAL: principal(entra.directory), ID_TOKEN: token})

    assert caller.proof is Proof.HEADER
    assert "expired" in caller.flaw


def test_a_named_key_is_its_entry(configured: object) -> None:
    """Sent as X-API-Key, in whatever case the header comes."""
    caller = asked({"x-api-key": KEY})

    assert (caller.kind, caller.id, caller.owners) == (ActorKind.KEY, "pipeline", (GRACE.oid,))


def refused(entra: RunningEntra) -> dict[str, dict[str, str]]:
    """Requests that prove nobody."""
    directory = entra.directory
    good, token = principal(directory), directory.access_token(ADA)
    expired = directory.access_token(ADA, exp=1_700_000_000, iat=1, nbf=1)
    return {
        "nothing": {},
        "a function key": {"x-functions-key": KEY},
        "another key": {"X-API-Key": "o" * 40},
        "a key and a token": {"X-API-Key": KEY, **bearer(token)},
        "a wrong key and a token": {"X-API-Key": "o", **bearer(token)},
        "a key and a sign-in": {"X-API-Key": KEY, PRINCIPAL: good},
        "another scheme": {"Authorization": f"Basic {token}"},
        "an expired token": bearer(expired),
        "an expired token beside a sign-in": {PRINCIPAL: good, **bearer(expired)},
        "a header that is none": {PRINCIPAL: "{}"},
        "somebody else's token": {PRINCIPAL: good, ID_TOKEN: directory.id_token(GRACE)},
        "somebody else's bearer": {PRINCIPAL: good, **bearer(directory.access_token(GRACE))},
        "an ID token without the header": {ID_TOKEN: directory.id_token(ADA)},
        "two bearers": bearer(f"{token}, Bearer {token}"),
    }


def test_what_proves_nobody_is_refused(configured: object, entra: RunningEntra) -> None:
    """A credential that does not hold is never passed over for another."""
    for headers in refused(entra).values():
        with pytest.raises(UnrecognisedError):
            asked(headers)


@pytest.mark.parametrize("path", ["/api/public/x", "/API/Public", "/api/%70ublic/x"])
def test_on_excluded_paths_the_header_is_nobody(
    configured: pytest.MonkeyPatch, entra: RunningEntra, path: str
) -> None:
    """There it may come from outside; however the path is spelt."""
    configured.setenv("SIGN_IN_EXCLUDED_PATHS", "/api/public")
    forget()
    directory = entra.directory
    forged = {PRINCIPAL: principal(directory), ID_TOKEN: directory.id_token(ADA)}

    with pytest.raises(UnrecognisedError):
        asked(forged, path)
    assert asked(bearer(directory.access_token(ADA)), path).id == ADA.oid


def test_without_app_service_authentication_its_headers_are_nobody(
    configured: pytest.MonkeyPatch, entra: RunningEntra
) -> None:
    """Anybody could send them."""
    configured.delenv("APP_SERVICE_AUTHENTICATION")
    forget()
    directory = entra.directory

    with pytest.raises(UnrecognisedError):
        asked({PRINCIPAL: principal(directory), ID_TOKEN: directory.id_token(ADA)})


def test_a_fresh_deployment_says_how_to_begin(
    own_records: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is configured: whatever comes is refused, and says which settings to make."""
    monkeypatch.delenv("NAMED_KEYS")
    forget()
    for headers in ({}, {PRINCIPAL: "e30="}):
        with pytest.raises(UnrecognisedError, match="NAMED_KEYS"):
            asked(headers)
    with pytest.raises(UnrecognisedError):
        asked({"X-API-Key": KEY})


def test_while_the_issuer_is_down_nobodys_token_is_judged(
    configured: object, entra: RunningEntra
) -> None:
    """It is an outage, not a wrong token."""
    entra.down = True

    with pytest.raises(KeysUnavailableError):
        asked(bearer(entra.directory.access_token(ADA)))
