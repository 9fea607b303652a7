"""Drives a running local cloud as a stranger's script can: the app, its Azure, its clock, all over HTTP."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import requests
from standardwebhooks import Webhook

from localcloud.testing.waiting import until
from tests.scenarios import bodies
from tests.scenarios.answers import Answer
from tests.scenarios.bodies import Json
from tests.scenarios.process import Process
from tests.scenarios.receiver import Receiver

TIMEOUT = 90.0

KEY_HEADER, OTHER_CREDENTIALS = "X-API-Key", {"Authorization", "webhook-id"}
COMPUTE_API, RESOURCES_API = "2024-07-01", "2024-11-01"
GALLERY_API, LOCKS_API = "2024-03-03", "2020-05-01"


class Client:
    """Drives one local cloud. Bodies are plain JSON; nothing of the app is imported."""

    # Seconds of real time.
    patience = 20.0

    def __init__(self, process: Process, receiver: Receiver) -> None:
        self.process = process
        self.receiver = receiver
        self.answers: list[Answer] = []
        self.deleted_by_tests: set[str] = set()
        self._session = requests.Session()
        self._session.trust_env = False
        self._token = ""
        self.connect()

    def connect(self) -> None:
        """Start the process and read its connection.json."""
        self.connection = self.process.start()
        self.subscription: str = self.connection["arm"]["subscriptionIds"][0]
        self._token = ""

    # -- the app ------------------------------------------------------------------------------------------------

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        data: bytes | Iterable[bytes] | None = None,
        headers: dict[str, str] | None = None,
        key: str | None = None,
    ) -> Answer:
        """Any request to the app, with its named key unless it brings another credential or `key` is one; a body in
        parts goes out in chunks."""
        app = self.connection["app"]
        sent = json.dumps(body).encode() if body is not None else data
        response = requests.Session.request(
            self._session,
            method,
            app["url"] + path,
            data=sent,
            headers=self._credentials(headers or {}, key),
            timeout=TIMEOUT,
            allow_redirects=False,
        )
        answer = Answer(f"{method} {path}", response.status_code, response.headers, response.text)
        self.answers.append(answer)
        return answer

    def _credentials(self, headers: dict[str, str], key: str | None) -> dict[str, str]:
        if OTHER_CREDENTIALS & headers.keys():
            return headers
        return {KEY_HEADER: self.connection["namedKey"] if key is None else key, **headers}

    def token(self, person: str, *roles: str) -> dict[str, str]:
        """The header of somebody of the local tenant, with the roles that they have there or with others."""
        entra = self.connection["entra"]
        known = {account["name"]: account["roles"] for account in entra["people"]}
        form = {"grant_type": "password", "username": person}
        form["roles"] = ",".join(roles or known[person])
        url = f"{entra['authority']}/{entra['tenantId']}/oauth2/v2.0/token"
        answer = self._session.post(url, data=form, timeout=TIMEOUT)
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def begin(self, name: str, **fields: Any) -> str:
        """Add an image of this name and start its migration; the migration id."""
        self.add_image(name)
        return self.start(self.request(name, **fields))

    def start(self, body: Json) -> str:
        """Start a migration that must be accepted as a new one; its id."""
        answer = self.call("POST", "/api/migrations", body)
        assert answer.status == 202, answer
        migration: str = answer.body["id"]
        return migration

    def request(self, name: str, **fields: Any) -> Json:
        """A request for the image of this name."""
        return bodies.request(self.subscription, name, **fields)

    def status(self, migration: str) -> Json:
        """The status of a migration that must be known."""
        answer = self.call("GET", f"/api/migrations/{migration}")
        assert answer.status == 200, answer
        return answer.body

    def cancel(self, migration: str) -> Answer:
        """Ask for a cancellation."""
        return self.call("POST", f"/api/migrations/{migration}/cancel")

    def decide(
        self,
        migration: str,
        decision: str = "approve",
        *,
        webhook_id: str | None = None,
        to: str | None = None,
        **fields: Any,
    ) -> Answer:
        """Send a signed decision on what is asked about; `to` posts it to another migration's webhook."""
        asked = self.status(migration)["approval"]
        body = {"migrationId": migration, "fingerprint": asked["fingerprint"] or "none"}
        body |= {"decision": decision, "statementHash": asked["statementHash"] or "none"}
        body |= {"approver": "ada", **fields}
        return self.send_decision(to or migration, json.dumps(body).encode(), webhook_id)

    def send_decision(
        self,
        migration: str,
        body: bytes,
        webhook_id: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send a body to the webhook, signed with the right secret; `headers` replace ours."""
        name, now = webhook_id or str(uuid4()), datetime.now(UTC)
        secret = self.connection["webhookSecret"]
        signed = {
            "webhook-id": name,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(name, now, body.decode("utf-8", "replace")),
        }
        path = f"/api/migrations/{migration}/approval"
        return self.call("POST", path, data=body, headers={**signed, **(headers or {})})

    # -- time ---------------------------------------------------------------------------------------------------

    def advance(self, duration: str) -> datetime:
        """Move the clock; answers when all that falls due has run."""
        answer = self.control("POST", "/clock", {"advance": duration})
        return datetime.fromisoformat(answer["now"])

    def advance_until(self, holds: Callable[[], Any], step: str = "PT3M", steps: int = 60) -> None:
        """Move the clock step by step until the condition holds."""
        for _ in range(steps):
            if holds():
                return
            self.advance(step)
        assert holds(), f"not within {steps} times {step}"

    def advance_to_stage(self, stage: str, *migrations: str, step: str = "PT3M") -> list[Json]:
        """Move the clock until all these migrations are in a stage; their statuses."""
        statuses: list[Json] = []

        def there() -> bool:
            statuses[:] = [self.status(migration) for migration in migrations]
            return all(status["stage"] == stage for status in statuses)

        self.advance_until(there, step)
        return statuses

    def finish(self, *migrations: str) -> list[Json]:
        """Move the clock until all these migrations have an outcome; their statuses."""
        return self.advance_to_stage("finished", *migrations)

    def wait_for_stage(self, stage: str, migration: str) -> Json:
        """Wait, while time stands still, until a migration is in a stage."""

        def there() -> Json | None:
            status = self.status(migration)
            return status if status["stage"] == stage else None

        return until(there, self.patience, lambda: self.status(migration))

    def empty(self) -> None:
        """Back to an Azure, records and histories with nothing in them."""
        self.control("POST", "/reset")

    def end_all(self, migrations: list[Json]) -> None:
        """Let all these migrations come to their ends: nobody answers for days."""
        self.advance("P4D")

    # -- the control API ----------------------------------------------------------------------------------------

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A request to the control API that must succeed; its JSON, if any."""
        url = self.connection["control"]["url"] + path
        response = self._session.request(method, url, json=body, timeout=TIMEOUT)
        assert response.status_code < 300, (method, path, response.status_code, response.text)
        return response.json() if response.text else None

    def add_image(self, name: str, **fields: Any) -> str:
        """Add a managed image (see `bodies.image`); its id."""
        added = self.control("POST", "/images", bodies.image(self.subscription, name, **fields))
        return str(added["id"])

    def faults(self, *rules: Json) -> None:
        """Let ARM misbehave by these rules too."""
        self.control("POST", "/faults", {"rules": list(rules)})

    def no_faults(self) -> None:
        """Let ARM behave; held requests go on."""
        self.control("DELETE", "/faults")

    def held(self) -> list[Json]:
        """The requests that ARM holds."""
        held: list[Json] = self.control("GET", "/faults")["held"]
        return held

    def arm_log(self, *methods: str) -> list[Json]:
        """The log of ARM calls, all or only of these methods."""
        lines: list[Json] = self.control("GET", "/requests")["requests"]
        return [line for line in lines if not methods or line["method"] in methods]

    def deleted_images(self) -> list[Json]:
        """The tombstones of managed images."""
        deleted: list[Json] = self.control("GET", "/state")["deleted"]
        return [stone for stone in deleted if stone["type"] == "Microsoft.Compute/images"]

    def notifications(self, migration: str) -> list[Json]:
        """Return the notifications about a migration: headers and body; their signatures hold."""
        received = list(self.receiver.received)
        return [n for n in received if n["body"]["data"]["migrationId"] == migration]

    # -- Azure, the durable extension and Event Grid --------------------------------------------------------------

    def arm(self, method: str, resource: str, body: Any = None, api: str = COMPUTE_API) -> Any:
        """A request to ARM as somebody else would send it; its JSON, None for 404."""
        arm = self.connection["arm"]
        response = self._session.request(
            method,
            f"{arm['url']}{resource}?api-version={api}",
            json=body,
            headers={"Authorization": f"Bearer {self._arm_token()}"},
            verify=arm["caFile"],
            timeout=TIMEOUT,
        )
        if response.status_code == 404:
            return None
        assert response.status_code < 300, (method, resource, response.text)
        return response.json() if response.text else {}

    def image_there(self, name: str) -> bool:
        """Return True if Azure still has the image."""
        return self.arm("GET", bodies.image_id(self.subscription, name)) is not None

    def version(self, name: str, version: str = "1.0.0") -> Json | None:
        """The image version that a request for an image of this name makes."""
        gallery = bodies.gallery_id(self.subscription)
        path = f"{gallery}/images/{name}/versions/{version}"
        body: Json | None = self.arm("GET", path, api=GALLERY_API)
        return body

    def delete_image(self, name: str) -> None:
        """Delete an image behind the app's back."""
        resource = bodies.image_id(self.subscription, name)
        self.deleted_by_tests.add(resource.lower())
        self.arm("DELETE", resource)
        self.advance("PT1M")

    def make_image_anew(self, name: str) -> None:
        """Replace an image by one of the same name and content that was made now."""
        self.delete_image(name)
        self.add_image(name, created=None)

    def durable(self, method: str, path: str, body: Any = None) -> requests.Response:
        """A request to the durable HTTP API with its system key."""
        return self._session.request(
            method,
            f"{self.connection['app']['url']}/runtime/webhooks/durabletask{path}",
            params={"code": self.connection["systemKeys"]["durabletask"]},
            json=body,
            timeout=TIMEOUT,
        )

    def publish(self, *events: Any) -> int:
        """Deliver events as Event Grid does; the status of the answer."""
        return self.publish_raw(json.dumps(events).encode())

    def publish_raw(self, body: bytes) -> int:
        """Deliver a body as Event Grid does; the status of the answer."""
        key = self.connection["systemKeys"]["eventgrid"]
        response = self._session.post(
            f"{self.connection['app']['url']}/runtime/webhooks/EventGrid",
            params={"functionName": "image_written", "code": key},
            data=body,
            headers={"aeg-event-type": "Notification", "content-type": "application/json"},
            timeout=TIMEOUT,
        )
        return response.status_code

    def _arm_token(self) -> str:
        if not self._token:
            identity = self.connection["identity"]
            wanted = {"api-version": "2019-08-01", "resource": self.connection["arm"]["url"]}
            response = self._session.get(
                identity["endpoint"],
                params=wanted,
                headers={"X-IDENTITY-HEADER": identity["header"]},
                timeout=TIMEOUT,
            )
            self._token = response.json()["access_token"]
        return self._token
