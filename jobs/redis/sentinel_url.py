"""`redis+sentinel://host:port,host:port/name`: the primary of a name, as Sentinels know it.

Standard library alone, since it is looked at before anything is installed.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

SENTINEL_SCHEMES = ("redis+sentinel://", "rediss+sentinel://")
SCHEMES = ("redis://", "rediss://", "unix://", *SENTINEL_SCHEMES)
_FORM = f"{SENTINEL_SCHEMES[0]}host:port,host:port/name"
_PORT = 26379
_OPTIONS = ("sentinel_username", "sentinel_password", "ssl_ca_certs")


@dataclass(frozen=True)
class SentinelUrl:
    """`sentinels`: host and port of each. `username` and `password` are those of Redis itself.
    `tls`: of Redis and Sentinels alike, whose certificates `ssl_ca_certs` vouches for; empty is
    what the system trusts."""

    sentinels: tuple[tuple[str, int], ...]
    name: str
    username: str
    password: str
    sentinel_username: str = ""
    sentinel_password: str = ""
    tls: bool = False
    ssl_ca_certs: str = ""


def check_redis_url(url: str) -> str:
    """The URL itself. Raises ValueError."""
    if not url.startswith(SCHEMES):
        raise ValueError(f"it begins with none of {', '.join(SCHEMES)}")
    if url.startswith(SENTINEL_SCHEMES):
        read_sentinel_url(url)
    return url


def read_sentinel_url(url: str) -> SentinelUrl:
    """Raises ValueError, without the passwords in it."""
    scheme, _, rest = url.partition("://")
    credentials, _, rest = rest.rpartition("@")
    hosts, _, rest = rest.partition("/")
    name, _, query = rest.partition("?")
    username, _, password = map(unquote, credentials.partition(":"))
    if not re.fullmatch(r"[\w.-]+", name):
        raise ValueError(f"{name!r} is no name of a primary: {_FORM}")
    return SentinelUrl(
        tuple(map(_host_and_port, hosts.split(","))),
        name,
        username,
        password,
        tls=scheme == "rediss+sentinel",
        **_options(query),
    )


def _options(query: str) -> dict[str, str]:
    given = dict(parse_qsl(query, keep_blank_values=True))
    if unknown := sorted(given.keys() - set(_OPTIONS)):
        raise ValueError(f"{unknown[0]!r} is none of {', '.join(_OPTIONS)}")
    return given


def _host_and_port(text: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{text!r} is no host:port of a Sentinel: {error}") from error
    if not host or parts.netloc != text:
        raise ValueError(f"{text!r} is no host:port of a Sentinel")
    return host, port or _PORT
