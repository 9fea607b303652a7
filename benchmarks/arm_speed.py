"""How many requests a second the ARM emulator answers, beside an empty handler on the same server.

Both are served by one process over HTTPS, in turns, to the same clients in another process. Every
row should reach at least a half, so that the emulator never is what a benchmark measures; the last
line says which do not. Run with `python -m benchmarks.arm_speed`.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import ssl
import statistics
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp
from aiohttp import web

from localcloud.arm import certificates
from localcloud.arm.listening import listen
from localcloud.arm.seed import seed_default
from localcloud.arm.server import ArmCloud

CLIENTS = 8
ROUND_SECONDS = 1.0
ROUNDS = 5
WANTED = 0.5
# What a migration asks (tests/localcloud/arm/spec/test_app_traffic.py): 4 of its 33 requests write.
MIX = {"GET image": 29 / 33, "PATCH image": 4 / 33}
IMAGE = {
    "location": "eastus2",
    "properties": {
        "storageProfile": {
            "osDisk": {
                "osType": "Linux",
                "osState": "Generalized",
                "blobUri": "https://account.blob.core.windows.net/vhds/disk.vhd",
            }
        }
    },
}


@dataclass(frozen=True)
class Site:
    """What the clients need to know of the server."""

    arm: str
    empty: str
    ca_file: str
    token: str
    paths: dict[str, str]


def serve(connection: Connection, state: Path) -> None:
    """The server's process: the emulator and the empty handler, until it is ended."""
    asyncio.run(_serve(connection, state))


async def _serve(connection: Connection, state: Path) -> None:
    cloud = ArmCloud(state, now=lambda: datetime.now(UTC))
    await cloud.start()
    images = seed_default(cloud)
    empty = web.Application()

    async def handle(request: web.Request) -> web.Response:
        await request.read()
        return web.Response()

    empty.router.add_route("*", "/{path:.*}", handle)
    runners: list[web.AppRunner] = []
    port = await listen(runners, empty, 0, certificates.server_context(state))
    token, _ = cloud.tokens.issue(cloud.url)
    image = images[0]["id"]
    paths = {
        "GET image": image,
        "GET images": image.rsplit("/", 1)[0],
        "PATCH image": image,
        "PUT image": f"{image}-{{number}}",
    }
    paths = {name: f"{path}?api-version=2026-04-01" for name, path in paths.items()}
    empty_url = f"https://127.0.0.1:{port}"
    connection.send(Site(cloud.url, empty_url, str(cloud.ca_file), token, paths))
    await asyncio.Event().wait()


_numbers = itertools.count()  # no image is put twice


def _body(method: str, number: int) -> dict[str, object] | None:
    match method:
        case "PUT":
            return dict(IMAGE)
        case "PATCH":
            return {"tags": {"number": str(number)}}
    return None


async def rate(session: aiohttp.ClientSession, method: str, url: str) -> float:
    """Requests a second that `CLIENTS` clients get answered, each one after the other."""
    end = time.perf_counter() + ROUND_SECONDS
    count = 0

    async def client() -> None:
        nonlocal count
        while time.perf_counter() < end:
            number = next(_numbers)
            async with session.request(
                method, url.format(number=number), json=_body(method, number)
            ) as response:
                await response.read()
                response.raise_for_status()
            count += 1

    start = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return count / (time.perf_counter() - start)


async def measure(site: Site) -> dict[str, tuple[float, float]]:
    """For each kind of request the median rates: emulator, empty handler."""
    context = ssl.create_default_context(cafile=site.ca_file)
    headers = {"Authorization": f"Bearer {site.token}"}
    connector = aiohttp.TCPConnector(ssl=context, limit=CLIENTS * 2)
    found: dict[str, tuple[float, float]] = {}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        for name, path in site.paths.items():
            rounds = [
                (
                    await rate(session, name.split()[0], site.arm + path),
                    await rate(session, name.split()[0], site.empty + path),
                )
                for _ in range(ROUNDS)
            ]
            ours, empty = zip(*rounds, strict=True)
            found[name] = (statistics.median(ours), statistics.median(empty))
    return found


def mix(found: dict[str, tuple[float, float]]) -> tuple[float, float]:
    """The rates for the requests of a migration."""
    ours, empty = (
        1 / sum(share / found[name][side] for name, share in MIX.items()) for side in (0, 1)
    )
    return ours, empty


def report(found: dict[str, tuple[float, float]]) -> str:
    """A line for each kind of request, and one that names those below `WANTED`."""
    lines = [
        f"{name:12} {ours:7.0f}/s, empty handler {empty:7.0f}/s: {ours / empty:.0%}"
        for name, (ours, empty) in found.items()
    ]
    below = [name for name, (ours, empty) in found.items() if ours / empty < WANTED]
    lines.append(f"below half: {', '.join(below)}" if below else "all at least half")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as state:
        receiver, sender = multiprocessing.Pipe(duplex=False)
        server = multiprocessing.Process(target=serve, args=(sender, Path(state)), daemon=True)
        server.start()
        found = asyncio.run(measure(receiver.recv()))
        server.terminate()
        server.join()
    print(report({**found, "a migration": mix(found)}))


if __name__ == "__main__":
    main()
