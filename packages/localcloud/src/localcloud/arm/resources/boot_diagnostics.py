"""Boot diagnostics in managed storage: addresses that are signed for a time, and the serial log behind them.

In Azure the logs lie on another host. Here that is the emulator's own, below a path that no resource has; as there, the
signature in the address is all the proof, and a token beside it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import quote

from localcloud.arm.protocol.call import Call, Reply
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.signing import Signer
from localcloud.arm.protocol.timestamps import parse_time
from localcloud.arm.provisioning.writes import missing
from localcloud.arm.resources.machine_fates import SERIAL_LOG, has_agent
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.world import World

PREFIX = "/bootdiagnostics-"
_MACHINE = "Microsoft.Compute/virtualMachines"
_USUAL_MINUTES = 120


def addresses(world: World, call: Call, signer: Signer) -> Reply:
    """POST of `retrieveBootDiagnosticsData`: the addresses of log and picture. Raises OperationNotAllowed for a machine
    without managed boot diagnostics."""
    machine = world.find(call.target.path.rsplit("/", 1)[0])
    if machine is None:
        raise missing(call)
    profile = (machine.properties.get("diagnosticsProfile") or {}).get("bootDiagnostics") or {}
    if not profile.get("enabled") or profile.get("storageUri"):
        raise refusal("no boot diagnostics", name=machine.name)
    minutes = int(call.query.get("sasUriExpirationTimeInMinutes") or _USUAL_MINUTES)
    until = call.now + timedelta(minutes=minutes)
    return Reply(
        200,
        {
            "consoleScreenshotBlobUri": _address(
                call.base, signer, machine, "screenshot.bmp", until
            ),
            "serialConsoleLogBlobUri": _address(
                call.base, signer, machine, "serialconsole.log", until
            ),
        },
    )


def _address(base: str, signer: Signer, machine: Resource, what: str, until: datetime) -> str:
    number = machine.properties["vmId"]
    path = f"{PREFIX}{machine.name[:9].lower()}-{number}/{machine.name}.{number}.{what}"
    expiry = until.strftime("%Y-%m-%dT%H:%M:%SZ")
    proof = signer.seal(f"{path}|{expiry}")
    return f"{base}{path}?sv=2018-03-28&sr=b&sp=r&se={quote(expiry, safe='')}&sig={proof}"


def read(
    world: World, signer: Signer, path: str, query: Mapping[str, str], *, with_token: bool
) -> tuple[int, bytes]:
    """Status and bytes of the answer to a GET of such an address."""
    expiry = query.get("se", "")
    if with_token or query.get("sig") != signer.seal(f"{path}|{expiry}"):
        return 403, b'<?xml version="1.0"?><Error><Code>AuthenticationFailed</Code></Error>'
    machine = _machine(world, path)
    if machine is None or world.now() >= parse_time(expiry):
        return (404, b"") if machine is None else (403, b"")
    return 200, _log(machine, world.now()).encode() if path.endswith(".log") else b"BM"


def _machine(world: World, path: str) -> Resource | None:
    named = (m for m in world.of_type(_MACHINE) if f".{m.properties.get('vmId')}." in path)
    return next(named, None)


def _log(machine: Resource, now: datetime) -> str:
    """The log that the profile gave it, or that of a usual start."""
    if text := machine.hidden.get(SERIAL_LOG):
        return str(text)
    system: Json = machine.properties.get("osProfile") or {}
    lines = [
        f"[    0.000000] Booting {machine.name}",
        "[    1.204512] EXT4-fs (sda1): mounted filesystem with ordered data mode",
        f"[    8.310077] {system.get('computerName', machine.name)} login:",
    ]
    if has_agent(machine, now):
        lines.append("[   11.902113] INFO Daemon Agent WALinuxAgent-2.12.0.2 is running")
    return "\n".join(lines) + "\n"
