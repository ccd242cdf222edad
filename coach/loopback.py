"""Which names and addresses mean this machine."""

import ipaddress
from urllib.parse import urlsplit


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
