"""The serial log of a machine (https://learn.microsoft.com/rest/api/compute/virtual-machines/retrieve-boot-diagnostics-data).

Azure gives an address that is signed for a time. Whoever has it can read the log, so it is used here and goes no
further: it is neither returned, nor in an error, nor in any log. No token of ours is sent there.
"""

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from arm.client import ArmClient
from arm.errors import ArmAnswerError
from arm.requests import read
from domain.errors import MigratorError
from domain.resource_ids import ResourceId

if TYPE_CHECKING:
    from ssl import SSLContext

_VALID_MINUTES = 5
_SECONDS, _READ_SECONDS = 20.0, 10.0
_CHUNK = 64 * 1024
# Azure keeps a serial log to about a megabyte.
_MOST_BYTES = 16 * 1024 * 1024


class LogUnreadableError(MigratorError):
    """There is no log to be had, or it could not be read; the text never has the address."""


def read_serial_log(arm: ArmClient, machine: ResourceId, most: int) -> str:
    """The end of a machine's serial log, at most so many bytes. Raises LogUnreadableError."""
    # Not in every cold start.
    from http.client import HTTPException

    retrieve = arm.compute(machine.subscription).virtual_machines.retrieve_boot_diagnostics_data
    try:
        told = read(
            retrieve,
            machine.resource_group,
            machine.name,
            sas_uri_expiration_time_in_minutes=_VALID_MINUTES,
        )
    except ArmAnswerError as error:
        raise LogUnreadableError(str(error.value)) from error
    address = str(told.get("serialConsoleLogBlobUri") or "")
    try:
        return _end_of(address, most).decode(errors="replace")
    # Errors of these name hosts, paths and more.
    except (OSError, ValueError, HTTPException) as error:
        raise LogUnreadableError(f"the log could not be read ({type(error).__name__})") from None


def _end_of(address: str, most: int) -> bytes:
    """The last bytes behind an address, read to its end within a total time. Redirects are not followed."""
    from http.client import OK, HTTPSConnection

    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("no https address")
    # Not a library that writes the addresses it asks into its log.
    connection = HTTPSConnection(
        parts.hostname, parts.port, timeout=_READ_SECONDS, context=_trust()
    )
    ends, seen, end = time.monotonic() + _SECONDS, 0, b""
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        if answer.status != OK:
            raise LogUnreadableError(f"the log was answered with {answer.status}")
        while chunk := answer.read(_CHUNK):
            seen, end = seen + len(chunk), (end + chunk)[-most:]
            if seen > _MOST_BYTES or time.monotonic() > ends:
                raise LogUnreadableError("the log was not read to its end in time")
    finally:
        connection.close()
    return end


def _trust() -> "SSLContext":
    """The authorities that the SDK's own requests trust: those that the environment names, or those it brings."""
    import os
    from ssl import create_default_context

    from requests.utils import DEFAULT_CA_BUNDLE_PATH

    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or DEFAULT_CA_BUNDLE_PATH
    return create_default_context(cafile=bundle)
