"""Which names and addresses mean this machine."""

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

_PROXIED = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip")


def host_name(netloc: str) -> str:
    """The host of `host:port` or `[::1]:port`, without port and brackets."""
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Whether `host` can only be this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def local(scope: Mapping[str, Any]) -> bool:
    """Whether an ASGI request surely comes from this machine.

    Not so: a page of somebody else's whose name was made to point here (DNS rebinding), and what a proxy
    passes on under our own name.
    """
    headers = dict(scope["headers"])
    host = headers.get(b"host", b"").decode("latin-1")
    return is_loopback(host_name(host)) and not any(name in headers for name in _PROXIED)
