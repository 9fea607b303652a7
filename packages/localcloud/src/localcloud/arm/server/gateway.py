"""From an HTTP request to its answer: tokens, parsing, limits, faults, headers, the log."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache, partial

from aiohttp import web
from yarl import URL

from localcloud.arm.faults.misbehaving import Misbehaviour, answer_wrongly
from localcloud.arm.faults.rules import Rule
from localcloud.arm.faults.shaping import shaped
from localcloud.arm.protocol import incoming, metadata, paths, versionlists
from localcloud.arm.protocol.answering import response
from localcloud.arm.protocol.call import Call, Reply
from localcloud.arm.protocol.errors import ArmError, refusal
from localcloud.arm.protocol.guids import guid
from localcloud.arm.protocol.redaction import without_signature
from localcloud.arm.protocol.shapes import check_shape
from localcloud.arm.protocol.tokens import client_of
from localcloud.arm.provisioning.reads import unseen
from localcloud.arm.resources import boot_diagnostics, resource_graph
from localcloud.arm.resources.subscriptions import subscription_body, tenant_body
from localcloud.arm.server import routing
from localcloud.arm.server.emulation import Emulation
from localcloud.arm.server.observing import report
from localcloud.arm.state.model import Failure, Json

# What could not be written down has not happened: the world changes after its journal.
_NO_ROOM = Reply(503, ArmError(503, Failure("ServerTimeout", "Please retry later.")).as_json())


class Gateway:
    """The one handler of the HTTPS server."""

    def __init__(self, cloud: Emulation) -> None:
        self._cloud = cloud

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request and log it, whatever happens to the answer."""
        cloud = self._cloud
        correlation = request.headers.get("x-ms-correlation-request-id") or guid()
        client = client_of(request.headers.get("Authorization"))
        rule = cloud.faults.pick(request.method, request.raw_path, client)
        answer: web.StreamResponse
        line: Json = {
            "method": request.method,
            "path": _logged(request.raw_path),
            "status": 0,
            "correlationId": correlation,
            "clientRequestId": request.headers.get("x-ms-client-request-id"),
            "client": client,
            "time": cloud.world.now().isoformat(),
        }
        if rule is not None:
            line["fault"] = rule.name or rule.what
        try:
            if "Expect" in request.headers and request.transport is not None:
                # curl waits for it.
                request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = await request.read()
            if rule is None:
                answer = self._answer(request, body, correlation, line)
            else:
                faulted = self._with_fault(request, body, rule, correlation, line)
                # What is held is on its way, whoever sent it may be dead when it comes.
                answer = await (asyncio.shield(faulted) if rule.what == "hold" else faulted)
            if cloud.observers:
                await report(cloud.observers, request, answer, line.get("fault"))
            return answer
        finally:
            cloud.requests.append(line)

    async def _with_fault(
        self, request: web.BaseRequest, body: bytes, rule: Rule, correlation: str, line: Json
    ) -> web.StreamResponse:
        who = self._cloud.tokens.identity_of(line["client"])
        wrong = Misbehaviour(self._cloud.held, rule, line, who)
        if rule.when == "before":
            await wrong.wait(request)
            if not wrong.proceeds:
                answer = await answer_wrongly(
                    request, wrong, None, correlation, self._cloud.world.now()
                )
                line["status"] = answer.status if wrong.answers else 0
                return answer
        right = self._answer(request, body, correlation, line)
        if rule.when == "after":
            await wrong.wait(request)
        return await answer_wrongly(request, wrong, right, correlation, self._cloud.world.now())

    def _answer(
        self, request: web.BaseRequest, body: bytes, correlation: str, line: Json
    ) -> web.Response:
        now = self._cloud.world.now()
        if request.path.startswith(boot_diagnostics.PREFIX):
            return self._log_of(request, line)
        headers: dict[str, str] = {}
        try:
            reply = self._reply(request, body, correlation, now, headers)
        except ArmError as error:
            reply = Reply(error.status, error.as_json(), error.headers)
        except OSError:
            reply = _NO_ROOM
        line["status"] = reply.status
        dated = datetime.now(UTC) if self._cloud.world.profile.real_date else now
        return response(request.method, reply, headers, correlation, dated)

    def _log_of(self, request: web.BaseRequest, line: Json) -> web.Response:
        """Of another service than Resource Manager: without its headers and its tokens."""
        status, body = boot_diagnostics.read(
            self._cloud.world,
            self._cloud.site.signer,
            request.path,
            _query(request.rel_url.raw_query_string),
            with_token="Authorization" in request.headers,
        )
        line["status"] = status
        return web.Response(status=status, body=body, content_type="application/octet-stream")

    def _reply(
        self,
        request: web.BaseRequest,
        body: bytes,
        correlation: str,
        now: datetime,
        headers: dict[str, str],
    ) -> Reply:
        cloud = self._cloud
        query = _query(request.rel_url.raw_query_string)
        api = query.get("api-version", "")
        target = paths.parse(request.path)
        if target is None and request.path == "/metadata/endpoints":
            return Reply(200, metadata.endpoints(cloud.url, cloud.tenant_id, api))
        cloud.tokens.check(request.headers.get("Authorization"), cloud.url)
        if not cloud.site.signer.fits(request.raw_path):
            raise refusal("operation missing")
        client = client_of(request.headers.get("Authorization"))
        cloud.rights.check(client, request.method, request.path)
        if target is None and _is_graph(request):
            return self._graph(incoming.read(body), api, correlation, client, request.raw_path)
        if target is None:
            with self._shaped(("unseen",), request.method, request.raw_path, client):
                return self._tenant_wide(request.path, api)
        call = Call(
            request.method,
            target,
            api,
            query,
            incoming.read(body),
            now,
            cloud.url,
            correlation,
            request.raw_path,
            client,
        )
        check_shape(target.kind, call.body)
        versionlists.check(call)
        headers.update(cloud.throttle.take(call))
        return self._routed(call)

    def _routed(self, call: Call) -> Reply:
        kinds = ("unseen",) if call.method == "GET" else ("unseen", "replication", "machine")
        with self._shaped(kinds, call.method, call.raw, call.client):
            return routing.answer(self._cloud.world, call, self._cloud.site)

    def _graph(self, body: Json, api: str, correlation: str, client: str, raw: str) -> Reply:
        cloud = self._cloud
        asked = resource_graph.Question(
            body,
            api,
            cloud.world.now(),
            correlation,
            client,
            cloud.tenant_id,
            cloud.subscription_ids,
            partial(cloud.rights.allows, client),
        )
        with self._shaped(("unseen", "graph"), "POST", raw, client):
            return resource_graph.answer(cloud.world, asked, cloud.graph_quota)

    @contextmanager
    def _shaped(self, kinds: Collection[str], method: str, raw: str, client: str) -> Iterator[None]:
        """The cloud under the profile that faults of these kinds make of it for this call."""
        world, profile = self._cloud.world, self._cloud.world.profile
        rules = self._cloud.faults.shaping(kinds, method, raw, client)
        if not rules:
            yield
            return
        world.profile = shaped(profile, rules)
        try:
            yield
        finally:
            world.profile = profile

    def _tenant_wide(self, path: str, api: str) -> Reply:
        cloud = self._cloud
        match path.rstrip("/").lower():
            case "/subscriptions":
                hidden = unseen(cloud.world)
                seen = [s for s in cloud.subscription_ids if not hidden(f"/subscriptions/{s}")]
                lines = [subscription_body(s, cloud.tenant_id) for s in seen]
            case "/tenants":
                lines = [tenant_body(cloud.tenant_id)]
            case _:
                raise refusal("path unknown", namespace="", api=api)
        if not api:
            raise refusal("api version missing")
        return Reply(200, {"value": lines, "count": {"type": "Total", "value": len(lines)}})


def _is_graph(request: web.BaseRequest) -> bool:
    return request.method == "POST" and request.path.rstrip("/").lower() == resource_graph.PATH


def _logged(path: str) -> str:
    return without_signature(path) if "sig=" in path.lower() else path


@lru_cache(maxsize=256)
def _query(raw: str) -> Mapping[str, str]:
    """The options; most requests have but their api-version."""
    return URL.build(query_string=raw, encoded=True).query
