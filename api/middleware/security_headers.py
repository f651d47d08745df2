"""Security headers on every response, and what CORS allows."""

import logging
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.headers import RawHeader, add_headers, find_header
from api.problems.exception_handlers import internal_error_response

log = logging.getLogger(__name__)
_DATA = "default-src 'none'; frame-ancestors 'none'"
_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data: blob:; manifest-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# A script may become a worker, which has a policy of its own.
_SCRIPTABLE = ("text/html", "text/javascript", "application/javascript")
CORS: Mapping[str, Any] = {  # what pages of allowed origins may do
    "allow_methods": ["GET", "HEAD", "POST", "PUT", "DELETE"],
    "allow_headers": [
        "Authorization",
        "Cache-Control",
        "Content-Type",
        "Idempotency-Key",
        "If-Match",
        "If-None-Match",
        "If-Range",
        "Last-Event-ID",
        "Prefer",
        "Range",
        "X-API-Key",
        "X-Request-ID",
        "traceparent",
        "tracestate",
    ],
    "expose_headers": [
        "Accept-Ranges",
        "Content-Range",
        "ETag",
        "Idempotency-Replayed",
        "Link",
        "Location",
        "Preference-Applied",
        "RateLimit",
        "RateLimit-Policy",
        "Retry-After",
        "X-Request-ID",
    ],
}


class SecurityHeadersMiddleware:
    """ASGI middleware: security headers on every response, also to unexpected errors."""

    def __init__(self, app: ASGIApp, *, shared: bool) -> None:
        self._app = app
        self._data, self._page = (_headers(policy, shared=shared) for policy in (_DATA, _PAGE))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                add_headers(message, self._page if _is_scriptable(message) else self._data)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:  # the outermost handler: logs what no other handles
            if started:
                raise
            await internal_error_response(Request(scope), error)(scope, receive, send_with_headers)


def _headers(policy: str, *, shared: bool) -> tuple[RawHeader, ...]:
    return (
        (b"content-security-policy", policy.encode()),
        (b"cross-origin-resource-policy", b"cross-origin" if shared else b"same-origin"),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
    )


def _is_scriptable(start: Message) -> bool:
    return (find_header(start, b"content-type") or "").startswith(_SCRIPTABLE)
