"""`X-Request-ID`: taken or made, returned, and at hand in every problem and log line."""

import re
import secrets
from contextvars import ContextVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.context import context_of
from api.headers import add_headers, find_header

current_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
_ACCEPTABLE = re.compile(r"[\w.:-]{1,128}")


class RequestIdMiddleware:
    """ASGI middleware. An id of the client with other characters or over 128 is replaced."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = find_header(scope, b"x-request-id") or ""
        request_id = given if _ACCEPTABLE.fullmatch(given) else secrets.token_hex(16)
        context_of(scope).request_id = request_id
        current_request_id.set(request_id)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_headers(message, [(b"x-request-id", request_id.encode())])
            await send(message)

        await self._app(scope, receive, send_with_id)
