"""The demo's HTTP clients: of the app, as its user calls it, and of ARM itself, to check what the app says."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

import requests

from demo.signing_decisions import signed_headers

Json = dict[str, Any]
TIMEOUT = 30.0
IMAGES_VERSION, GALLERIES_VERSION = "2024-07-01", "2024-03-03"


class CallFailedError(Exception):
    """A call was answered otherwise than wanted, or not at all; the text says which and how."""


class App:
    """The app's HTTP surface, as one of the people uses it, or a script with the named key."""

    def __init__(self, connection: Mapping[str, Any], person: str = "") -> None:
        self._url = f"{connection['app']['url']}/api/"
        self._secret = str(connection["webhookSecret"])
        self._session = _session()
        key = {"X-API-Key": str(connection["namedKey"])}
        token = access_token(connection, person) if person else ""
        self._shown = {"Authorization": f"Bearer {token}"} if person else key

    def get(self, path: str) -> Json:
        return self._call("GET", path, 200)

    def start(self, request: Json) -> Json:
        """Start a migration; return its status as accepted. Raises CallFailedError."""
        return self._call("POST", "migrations", 202, json.dumps(request).encode())

    def decide(self, migration: str, decision: str, approver: str, reason: str = "") -> Json:
        """Send a signed decision on the approval that is open now; return the verdict. Raises CallFailedError."""
        body = self._asked(migration) | {"decision": decision}
        body |= {"approver": approver, "reason": reason}
        raw = json.dumps(body).encode()
        headers = signed_headers(self._secret, f"msg_{uuid.uuid4().hex}", int(time.time()), raw)
        return self._call("POST", f"migrations/{migration}/approval", 200, raw, headers)

    def decide_signed_in(self, migration: str, decision: str, reason: str = "") -> Json:
        """Sends a decision of this person's on what is asked about now; answers the verdict."""
        body = self._asked(migration)
        raw = json.dumps(body | {"decision": decision, "reason": reason}).encode()
        return self._call("POST", f"migrations/{migration}/approval", 200, raw)

    def _asked(self, migration: str) -> Json:
        """The beginning of a decision on what is asked now: the image by its fingerprint, everything by the hash of the
        statement, taken of the very text that is shown."""
        approval = self.get(f"migrations/{migration}")["approval"]
        body = {"migrationId": migration, "fingerprint": approval["fingerprint"] or ""}
        if approval["statementHash"] is None:
            return body | {"statementHash": "none"}
        statement = self._answer("GET", f"migrations/{migration}/statement")
        _body(statement, 200)
        return body | {"statementHash": hashlib.sha256(statement.content).hexdigest()}

    def _call(
        self,
        method: str,
        path: str,
        wanted: int,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        return _body(self._answer(method, path, body, headers), wanted)

    def _answer(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        try:
            return self._session.request(
                method, self._url + path, data=body, headers=headers or self._shown, timeout=TIMEOUT
            )
        except requests.RequestException as error:
            raise CallFailedError(f"{method} {path}: {error}") from error


class Azure:
    """ARM over HTTPS, trusting the local cloud's own certificate authority, with a token of its identity endpoint."""

    def __init__(self, connection: Mapping[str, Any]) -> None:
        self._url = str(connection["arm"]["url"])
        self._session = _session()
        self._session.verify = connection["arm"]["caFile"]
        token = self._token(connection["identity"])
        self._session.headers["Authorization"] = f"Bearer {token}"

    def read(self, resource_id: str, expand: str = "") -> Json | None:
        """The resource as ARM tells it, or None if there is none."""
        version = GALLERIES_VERSION if "/galleries/" in resource_id else IMAGES_VERSION
        query = {"api-version": version} | ({"$expand": expand} if expand else {})
        try:
            answer = self._session.get(self._url + resource_id, params=query, timeout=TIMEOUT)
        except requests.RequestException as error:
            raise CallFailedError(f"GET {resource_id}: {error}") from error
        return None if answer.status_code == 404 else _body(answer, 200)

    def _token(self, identity: Mapping[str, str]) -> str:
        answer = self._session.get(
            identity["endpoint"],
            params={"resource": self._url, "api-version": "2019-08-01"},
            headers={"X-IDENTITY-HEADER": identity["header"]},
            timeout=TIMEOUT,
        )
        return str(_body(answer, 200)["access_token"])


def access_token(connection: Mapping[str, Any], person: str) -> str:
    """A token of the local tenant for one of its people, with all the roles that they have."""
    entra = connection["entra"]
    roles: list[str] = next(
        (known["roles"] for known in entra["people"] if known["name"] == person), []
    )
    form = {"grant_type": "password", "username": person, "roles": ",".join(roles)}
    url = f"{entra['authority']}/{entra['tenantId']}/oauth2/v2.0/token"
    try:
        answer = _session().post(url, data=form, timeout=TIMEOUT)
    except requests.RequestException as error:
        raise CallFailedError(f"POST {url}: {error}") from error
    return str(_body(answer, 200)["access_token"])


def _body(answer: requests.Response, wanted: int) -> Json:
    if answer.status_code != wanted:
        call = f"{answer.request.method} {answer.request.path_url}"
        raise CallFailedError(f"{call} answered {answer.status_code}: {answer.text[:1000]}")
    body: Json = answer.json()
    return body


def _session() -> requests.Session:
    session = requests.Session()
    # Never through a proxy: all of it is on this machine.
    session.trust_env = False
    return session
