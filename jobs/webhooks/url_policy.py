"""Which URLs a webhook may call: `https` to public addresses alone."""

import ipaddress
from typing import Literal
from urllib.parse import SplitResult, urlsplit

WebhookTargets = Literal["public", "any"]
_LONGEST_NAME = 253
_UNICAST = ipaddress.IPv6Network("2000::/3")  # no mapped IPv4, NAT64, local or multicast address
_INTERNAL = [
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # of protocols; one of them is a cloud's metadata service
        "192.88.99.0/24",  # relays of 6to4
        "168.63.129.16/32",  # public by its number; within Azure it is the platform
        "2001::/23",  # Teredo among others: an IPv4 address within
        "2002::/16",  # 6to4: the same
        "3fff::/20",  # of documentation
    )
]


def is_public(address: str) -> bool:
    """Whether an IP address is public, and of a single host."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and ip not in _UNICAST:
        return False
    if any(ip in network for network in _INTERNAL if network.version == ip.version):
        return False
    return ip.is_global and not ip.is_multicast


def split_url(url: str) -> SplitResult:
    """The parts of a callback URL. Raises ValueError for anything but a plain `http(s)` one."""
    if any(character.isspace() or not character.isprintable() for character in url):
        raise ValueError("it has spaces or control characters")
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("it must begin with https:// and name a host")
    if "@" in parts.netloc or parts.fragment:
        raise ValueError("it must have neither a user nor a fragment")
    if parts.port == 0:
        raise ValueError("port 0 cannot be reached")
    return parts


def refusal_reason(url: str, targets: WebhookTargets) -> str | None:
    """Why a well-formed URL may not be called, as far as that is known before its host name is
    resolved; None when it may."""
    parts = split_url(url)
    if not _is_host(parts.hostname or ""):
        return f"{parts.hostname or '':.80} is no host name"
    if targets == "any":
        return None
    if parts.scheme != "https":
        return "it must begin with https://"
    try:
        public = is_public(parts.hostname or "")
    except ValueError:  # a name; what it means is looked up when it is called
        return None
    return None if public else f"{parts.hostname} is no public address"


def _is_host(name: str) -> bool:
    """Whether the name can be resolved: labels of 1 to 63 characters."""
    try:
        return len(name.encode("idna")) <= _LONGEST_NAME
    except UnicodeError:
        return False
