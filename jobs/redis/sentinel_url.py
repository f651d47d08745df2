"""`redis+sentinel://host:port,host:port/name`: the primary of a name, as Sentinels know it.

Standard library alone, since it is looked at before anything is installed.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

SCHEME = "redis+sentinel://"
SCHEMES = ("redis://", "rediss://", "unix://", SCHEME)
_PORT = 26379


@dataclass(frozen=True)
class SentinelUrl:
    """`sentinels`: host and port of each. `username` and `password` are those of Redis itself."""

    sentinels: tuple[tuple[str, int], ...]
    name: str
    username: str
    password: str


def check_redis_url(url: str) -> str:
    """The URL itself. Raises ValueError."""
    if not url.startswith(SCHEMES):
        raise ValueError(f"it begins with none of {', '.join(SCHEMES)}")
    if url.startswith(SCHEME):
        read_sentinel_url(url)
    return url


def read_sentinel_url(url: str) -> SentinelUrl:
    """Raises ValueError, without the password in it."""
    credentials, _, rest = url.removeprefix(SCHEME).rpartition("@")
    hosts, _, name = rest.partition("/")
    username, _, password = map(unquote, credentials.partition(":"))
    if not re.fullmatch(r"[\w.-]+", name):
        raise ValueError(f"{name!r} is no name of a primary: {SCHEME}host:port,host:port/name")
    return SentinelUrl(tuple(map(_host_and_port, hosts.split(","))), name, username, password)


def _host_and_port(text: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{text!r} is no host:port of a Sentinel: {error}") from error
    if not host or parts.netloc != text:
        raise ValueError(f"{text!r} is no host:port of a Sentinel")
    return host, port or _PORT
