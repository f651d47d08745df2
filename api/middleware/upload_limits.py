"""How long a client may take, and how many may send at once: no slow one keeps others out."""

import asyncio

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.headers import header
from api.problems import answer
from jobs.errors import TooManyUploads, TooSlow

HEADER_SECONDS = 10.0


class Patience:
    """ASGI middleware: at most `most` bodies at once, each of which has to have come within
    `grace` seconds and one more for every `rate` bytes."""

    def __init__(self, app: ASGIApp, most: int, grace: float, rate: float) -> None:
        self._app, self._most, self._grace, self._rate = app, most, grace, rate
        self._coming = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
        elif self._coming >= self._most:
            await answer(Request(scope), TooManyUploads(self._most))(scope, receive, send)
        else:
            self._coming += 1
            body = _Body(receive, self._grace, self._rate)
            body.ended.add_done_callback(self._has_come)
            try:
                await self._app(scope, body.receive, send)
            finally:
                body.end()

    def _has_come(self, _: object) -> None:
        self._coming -= 1


class _Body:
    """A request's body on its way; `ended` is done with its last byte."""

    def __init__(self, receive: Receive, grace: float, rate: float) -> None:
        self._receive, self._grace, self._rate = receive, grace, rate
        self._loop = asyncio.get_running_loop()
        self._start, self._seen = self._loop.time(), 0
        self.ended: asyncio.Future[None] = self._loop.create_future()

    async def receive(self) -> Message:
        """Raises TooSlow."""
        if self.ended.done():
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._start + self._grace + self._seen / self._rate):
                message = await self._receive()
        except TimeoutError:
            raise TooSlow(self._seen, self._loop.time() - self._start, self._rate) from None
        self._seen += len(message.get("body", b""))
        if not message.get("more_body"):
            self.end()
        return message

    def end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


def _has_body(scope: Scope) -> bool:
    length = header(scope, b"content-length") or "0"
    return length != "0" or header(scope, b"transfer-encoding") is not None


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's connection, closed when a request's head is not there within HEADER_SECONDS."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._waiting: asyncio.TimerHandle | None = None
        self._wait()

    def on_message_begin(self) -> None:
        self._wait()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self.transport.close()
