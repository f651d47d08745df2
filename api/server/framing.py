"""Heads that one server reads in one way and the next, a proxy say, in another: they are refused.

What is left is what the parser, llhttp, lets pass: it refuses most of them itself.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from api.problems.errors import BadRequest

_VERSIONS = ("1.0", "1.1")
_OF_FRAMING = (b"content-length", b"transfer-encoding", b"host")


def check_head(version: str, target: bytes, headers: Sequence[tuple[bytes, bytes]]) -> None:
    """`headers`: names in lower case. Raises BadRequest."""
    if version not in _VERSIONS:
        raise BadRequest(f"HTTP/{version} is not spoken here; HTTP/1.1 is")
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) > 1:
        raise BadRequest(f"{len(hosts)} Host headers; one is allowed")
    _check_authority(target, hosts)
    for name, value in headers:
        if name == b"transfer-encoding" and value.strip().lower() != b"chunked":
            raise BadRequest(f"Transfer-Encoding: {_shown(value)}; `chunked` alone is allowed")
        if b"_" in name and name.replace(b"_", b"-") in _OF_FRAMING:
            raise BadRequest(f"header {_shown(name)}; with a hyphen it is known")


def _check_authority(target: bytes, hosts: Sequence[bytes]) -> None:
    """A target such as http://host/path names the host as well."""
    if target.startswith(b"/") or b"://" not in target:
        return
    named = urlsplit(target).netloc
    if [named] != list(hosts):
        given = ", ".join(map(_shown, hosts)) or "none"
        raise BadRequest(f"the target is of host {_shown(named)}, the Host header {given}")


def _shown(value: bytes) -> str:
    return repr(value[:100].decode("latin-1"))
