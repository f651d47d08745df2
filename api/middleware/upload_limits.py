"""Limits of uploads in time and number, so that slow clients do not keep others out."""

import asyncio

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.errors import TooManyUploads, TooSlow
from api.headers import find_header
from api.problems import error_response

HEADER_TIMEOUT_SECONDS = 10.0


class UploadLimitMiddleware:
    """ASGI middleware: at most `most` bodies at once, each of which has to have come within
    `grace` seconds and one more for every `rate` bytes."""

    def __init__(self, app: ASGIApp, most: int, grace: float, rate: float) -> None:
        self._app, self._most, self._grace, self._rate = app, most, grace, rate
        self._uploading = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
        elif self._uploading >= self._most:
            await error_response(Request(scope), TooManyUploads(self._most))(scope, receive, send)
        else:
            self._uploading += 1
            body = _Body(receive, self._grace, self._rate)
            body.ended.add_done_callback(self._upload_ended)
            try:
                await self._app(scope, body.receive, send)
            finally:
                body.end()

    def _upload_ended(self, _: object) -> None:
        self._uploading -= 1


class _Body:
    """A request's body on its way; `ended` is done with its last byte."""

    def __init__(self, receive: Receive, grace: float, rate: float) -> None:
        self._receive, self._grace, self._rate = receive, grace, rate
        self._loop = asyncio.get_running_loop()
        self._start, self._received = self._loop.time(), 0
        self.ended: asyncio.Future[None] = self._loop.create_future()

    async def receive(self) -> Message:
        """Raises TooSlow."""
        if self.ended.done():
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._start + self._grace + self._received / self._rate):
                message = await self._receive()
        except TimeoutError:
            raise TooSlow(self._received, self._loop.time() - self._start, self._rate) from None
        self._received += len(message.get("body", b""))
        if not message.get("more_body"):
            self.end()
        return message

    def end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


def _has_body(scope: Scope) -> bool:
    length = find_header(scope, b"content-length") or "0"
    return length != "0" or find_header(scope, b"transfer-encoding") is not None


class HeaderTimeoutProtocol(HttpToolsProtocol):
    """uvicorn's connection, closed when a request's head is not there within HEADER_SECONDS."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._timer: asyncio.TimerHandle | None = None
        self._start_timer()

    def on_message_begin(self) -> None:
        self._start_timer()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._stop_timer()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def _start_timer(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(HEADER_TIMEOUT_SECONDS, self._close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close(self) -> None:
        self.transport.close()
