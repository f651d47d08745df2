"""HEAD wherever there is GET: the same head, without the body (RFC 9110, 9.3.2)."""

from anyio import CancelScope
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadMiddleware:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            """Send the head, then stop what makes the body: a stream of events would not end by
            itself."""
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                body.cancel()

        read = dict(scope) | {"method": "GET"}
        body = CancelScope()
        try:
            with body:
                await self._app(read, receive, send_head)
        finally:
            scope.update(read | {"method": "HEAD"})  # the route, for the access log
