"""Which hosts and origins a server without keys answers."""

import ipaddress
from collections.abc import Collection
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import WrongHost, WrongOrigin
from api.headers import find_header
from api.problems import error_response
from jobs.errors import CropShieldError

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class TrustedHostMiddleware:
    """ASGI middleware: what keeps web pages of others from a server that knows its user by where
    it listens. A name that was made to point to this machine is refused (DNS rebinding), and so is
    a change asked for by another site's page.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], origins: Collection[str]) -> None:
        self._app, self._hosts, self._origins = app, hosts, origins
        self._is_ours = lru_cache(maxsize=256)(self._is_named_ours)

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
        if not self._is_ours(host):
            raise WrongHost(host)
        if scope["method"] in _SAFE_METHODS or origin is None or origin in self._origins:
            return
        if urlsplit(origin).netloc != host:
            raise WrongOrigin(origin)

    def _is_named_ours(self, host: str) -> bool:
        """An address cannot be made to point elsewhere; a name can."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
            return name == "localhost" or name in self._hosts or bool(ipaddress.ip_address(name))
        except ValueError:
            return False
