"""The host that an address names, as far as a token is concerned."""

from urllib.parse import urlsplit

_PORTS = {"https": 443, "http": 80}


def same_host(url: str, endpoint: str) -> bool:
    """Return True if an address is of the endpoint's own scheme, host and port, and names no user before the host."""
    try:
        asked, home = urlsplit(url), urlsplit(endpoint)
        one, other = (
            (part.scheme, part.hostname, part.port or _PORTS.get(part.scheme))
            for part in (asked, home)
        )
    except ValueError:
        return False
    return one == other and asked.username is None and asked.password is None
