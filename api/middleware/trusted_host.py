"""Which hosts and origins a server without keys answers."""

import ipaddress
from collections.abc import Collection
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.headers import find_header
from api.problems.errors import WrongHost, WrongOrigin
from api.problems.exception_handlers import error_response
from jobs.errors import CropShieldError

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class TrustedHostMiddleware:
    """ASGI middleware: keeps web pages of other sites from using a server without API keys.

    A host name that is neither localhost nor allowed is refused, since anybody can point a name to
    this machine (DNS rebinding); and so is a change that another site's page sends.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], origins: Collection[str]) -> None:
        self._app, self._hosts, self._origins = app, hosts, origins
        self._is_trusted = lru_cache(maxsize=256)(self._is_trusted_host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                self._check(scope)
            except CropShieldError as error:
                await error_response(Request(scope), error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        host, origin = find_header(scope, b"host") or "", find_header(scope, b"origin")
        if not self._is_trusted(host):
            raise WrongHost(host)
        if scope["method"] in _SAFE_METHODS or origin is None or origin in self._origins:
            return
        if _netloc(origin) != host:
            raise WrongOrigin(origin)

    def _is_trusted_host(self, host: str) -> bool:
        """Addresses are trusted: unlike a name, nobody can point them elsewhere."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
            return name == "localhost" or name in self._hosts or bool(ipaddress.ip_address(name))
        except ValueError:
            return False


def _netloc(origin: str) -> str | None:
    """Host and port of an origin; None for what is no URL."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None
