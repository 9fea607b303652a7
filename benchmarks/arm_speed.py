"""Measures how many requests a second the ARM emulator answers, beside an empty handler on the same server.

Both are served by one process over HTTPS, in the same way (`localcloud.arm.server.listening`), in turns, to
the same clients in another process. Every row should reach at least a half, so that the emulator
never is what a benchmark measures; the last line says which do not.

Other work on the machine comes and goes, so a share is a median over many short rounds, in each of
which both sides are measured one after the other, now this one first, now that one; a first round
only warms up. Images are put into a group of their own, so that the list stays as long as it is.
Beside it stands the time that the server's process needed for a request: the empty handler's clients are
busier than its server, so requests a second show its server slower than it is.
Run with `python -m benchmarks.arm_speed`.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import ssl
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp
from aiohttp import web

from localcloud.arm.server import certificates
from localcloud.arm.server.arm_cloud import ArmCloud
from localcloud.arm.server.listening import listen, unrouted
from localcloud.arm.server.seed import seed_default

CLIENTS = 8
ROUND_SECONDS = 0.25
ROUNDS = 20
WANTED = 0.5
LARGEST_BODY = 1 << 20
# What a migration asks (tests/scenarios/test_app_traffic.py): 4 of its 33 requests write.
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
    """The addresses that the clients need: the ARM emulator, the empty handler and their certificate."""

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
    runners: list[web.BaseRunner] = []
    context = certificates.server_context(state)
    port = await listen(runners, unrouted(_empty, LARGEST_BODY), 0, context)
    token, _ = cloud.tokens.issue(cloud.url)
    image = images[0]["id"]
    # Another group for new ones: the list stays as long as it is.
    group = f"{image.split('/providers/')[0]}-new"
    cloud.seed([{"id": group, "location": "eastus2"}])
    paths = {
        "GET image": image,
        "GET images": image.rsplit("/", 1)[0],
        "PATCH image": image,
        "PUT image": f"{group}/providers/Microsoft.Compute/images/web-{{number}}",
    }
    paths = {name: f"{path}?api-version=2026-04-01" for name, path in paths.items()}
    empty_url = f"https://127.0.0.1:{port}"
    asyncio.get_running_loop().add_reader(connection.fileno(), _tell_time, connection)
    connection.send(Site(cloud.url, empty_url, str(cloud.ca_file), token, paths))
    await asyncio.Event().wait()


async def _empty(request: web.BaseRequest) -> web.Response:
    await request.read()
    return web.Response()


def _tell_time(connection: Connection) -> None:
    connection.recv()
    connection.send(time.process_time())


# No image is put twice.
_numbers = itertools.count()


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


@dataclass(frozen=True)
class Speed:
    """Of one side in one round."""

    # Requests a second.
    rate: float
    # Seconds of the server's processor time for one request.
    busy: float


@dataclass(frozen=True)
class Pair:
    """Both sides, in one round."""

    ours: Speed
    empty: Speed


Round = dict[str, Pair]


async def measure(site: Site, connection: Connection) -> list[Round]:
    """Every kind of request in every round, after one round that only warms up."""
    context = ssl.create_default_context(cafile=site.ca_file)
    headers = {"Authorization": f"Bearer {site.token}"}
    connector = aiohttp.TCPConnector(ssl=context, limit=CLIENTS * 2)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def speed(name: str, base: str) -> Speed:
            busy, start = _busy(connection), time.perf_counter()
            per_second = await rate(session, name.split()[0], base + site.paths[name])
            count = per_second * (time.perf_counter() - start)
            return Speed(per_second, (_busy(connection) - busy) / count)

        async def pair(name: str, *, ours_first: bool) -> Pair:
            if ours_first:
                return Pair(await speed(name, site.arm), await speed(name, site.empty))
            empty = await speed(name, site.empty)
            return Pair(await speed(name, site.arm), empty)

        rounds = [
            {name: await pair(name, ours_first=number % 2 == 0) for name in site.paths}
            for number in range(ROUNDS + 1)
        ]
    return [{**pairs, "a migration": mix(pairs)} for pairs in rounds[1:]]


def _busy(connection: Connection) -> float:
    """The processor time of the server's process so far, in seconds."""
    connection.send("busy?")
    return float(connection.recv())


def mix(pairs: Round) -> Pair:
    """The requests of a migration."""

    def both(side: Callable[[Pair], Speed]) -> Speed:
        seconds = sum(share / side(pairs[name]).rate for name, share in MIX.items())
        busy = sum(share * side(pairs[name]).busy for name, share in MIX.items())
        return Speed(1 / seconds, busy)

    return Pair(both(lambda pair: pair.ours), both(lambda pair: pair.empty))


def share(rounds: list[Round], name: str) -> float:
    """The emulator's part of the empty handler's rate: the median over the rounds."""
    return statistics.median(pairs[name].ours.rate / pairs[name].empty.rate for pairs in rounds)


def _line(rounds: list[Round], name: str) -> str:
    ours, empty = (
        f"{statistics.median(s.rate for s in side):6.0f}/s "
        f"({statistics.median(s.busy for s in side) * 1e6:3.0f} µs of the server)"
        for side in ([r[name].ours for r in rounds], [r[name].empty for r in rounds])
    )
    return f"{name:12} {ours}, empty handler {empty}: {share(rounds, name):.0%}"


def report(rounds: list[Round]) -> str:
    """A line for each kind of request, and one that names those below `WANTED`."""
    below = [name for name in rounds[0] if share(rounds, name) < WANTED]
    last = f"below half: {', '.join(below)}" if below else "all at least half"
    return "\n".join([*(_line(rounds, name) for name in rounds[0]), last])


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as state:
        ours, servers = multiprocessing.Pipe()
        server = multiprocessing.Process(target=serve, args=(servers, Path(state)), daemon=True)
        server.start()
        rounds = asyncio.run(measure(ours.recv(), ours))
        server.terminate()
        server.join()
    print(report(rounds))


if __name__ == "__main__":
    main()
