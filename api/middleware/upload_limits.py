"""Limits on request bodies: their size, time and number, so that no client keeps others out."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.context import context_of
from api.headers import find_header
from api.problems.errors import BodyTooLarge, TooManyUploads, TooSlow, UnsupportedEncoding
from api.problems.exception_handlers import error_response
from api.shares import Shares
from jobs.errors import CropShieldError

_TAKES_PHOTOS = re.compile(r"POST /v1/(jobs|batches)|PUT /v1/jobs/[^/]+")
_WITH_BODIES = {"POST", "PUT", "PATCH"}
_SETTLED_SECONDS = 2.0  # for so long a new body is not ended for another one


@dataclass(frozen=True)
class UploadLimits:
    """most: bodies at once. Each must arrive within `grace` seconds and one more for every `rate`
    bytes. body_bytes: the largest body on paths that take no photo; the others have limits of their
    own."""

    most: int
    grace: float
    rate: float
    body_bytes: int


class UploadLimitMiddleware:
    """ASGI middleware. At the limit, the slowest body is ended for the next one. No API key has
    more bodies than there is room left for others."""

    def __init__(self, app: ASGIApp, limits: UploadLimits) -> None:
        self._app, self._limits = app, limits
        self._uploads = _Uploads(limits.most)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        body = _Body(receive, self._limits, context_of(scope).owner, self._most_bytes(scope))
        try:
            _check_head(scope, body.most_bytes)
            if scope["method"] in _WITH_BODIES:
                self._uploads.admit(body)
        except CropShieldError as error:
            await error_response(Request(scope), error)(scope, receive, send)
            return
        try:
            await self._app(scope, body.receive, send)
        finally:
            body.end()

    def _most_bytes(self, scope: Scope) -> int | None:
        takes_photos = _TAKES_PHOTOS.fullmatch(f"{scope['method']} {scope['path']}")
        return None if takes_photos else self._limits.body_bytes


class _Body:
    """A body that is arriving; `on_end` is called once, with its last byte or before."""

    on_end: Callable[["_Body"], None] | None = None

    def __init__(
        self, receive: Receive, limits: UploadLimits, owner: str, most_bytes: int | None
    ) -> None:
        self.owner, self.most_bytes = owner, most_bytes
        self._receive, self._limits = receive, limits
        self._loop = asyncio.get_running_loop()
        self._start, self._received = self._loop.time(), 0
        self._ended = self._gave_way = False
        self._waiting: asyncio.Timeout | None = None

    @property
    def age(self) -> float:
        """Seconds since it began."""
        return self._loop.time() - self._start

    @property
    def speed(self) -> float:
        """Bytes a second until now."""
        return self._received / max(self.age, 0.001)

    async def receive(self) -> Message:
        """Raises TooSlow, BodyTooLarge, or TooManyUploads when it has to make room."""
        if self._gave_way:
            raise TooManyUploads(self._limits.most)
        if self._ended:
            return await self._receive()
        limits = self._limits
        deadline = self._start + limits.grace + self._received / limits.rate
        try:
            async with asyncio.timeout_at(deadline) as self._waiting:
                message = await self._receive()
        except TimeoutError:
            if self._gave_way:
                raise TooManyUploads(limits.most) from None
            raise TooSlow(self._received, self.age, limits.rate) from None
        finally:
            self._waiting = None
        self._received += len(message.get("body", b""))
        if self.most_bytes is not None and self._received > self.most_bytes:
            raise BodyTooLarge(self._received, self.most_bytes)
        if not message.get("more_body"):
            self.end()
        return message

    def give_way(self) -> None:
        """End the body, also while a caller waits for it."""
        self._gave_way = True
        if self._waiting:
            self._waiting.reschedule(self._loop.time())
        self.end()

    def end(self) -> None:
        if not self._ended:
            self._ended = True
            if self.on_end:
                self.on_end(self)


class _Uploads:
    """The bodies that are arriving."""

    def __init__(self, most: int) -> None:
        self._shares, self._bodies = Shares(most), set[_Body]()

    def admit(self, body: _Body) -> None:
        """Raises TooManyUploads."""
        if not self._shares.allows(body.owner):
            raise TooManyUploads(self._shares.most)
        if not self._shares.take(body.owner):
            self._make_room()
            self._shares.take(body.owner)
        self._bodies.add(body)
        body.on_end = self._remove

    def _make_room(self) -> None:
        """End the slowest body, unless all have only just begun."""
        settled = [body for body in self._bodies if body.age > _SETTLED_SECONDS]
        if not settled:
            raise TooManyUploads(self._shares.most)
        min(settled, key=lambda body: body.speed).give_way()

    def _remove(self, body: _Body) -> None:
        self._bodies.discard(body)
        self._shares.give_back(body.owner)


def _check_head(scope: Scope, most_bytes: int | None) -> None:
    """Raises UnsupportedEncoding, BodyTooLarge."""
    encoding = find_header(scope, b"content-encoding") or "identity"
    if encoding.strip().lower() != "identity":
        raise UnsupportedEncoding(encoding)
    declared = find_header(scope, b"content-length") or ""
    if most_bytes is not None and declared.isdigit() and int(declared) > most_bytes:
        raise BodyTooLarge(int(declared), most_bytes)


def _has_body(scope: Scope) -> bool:
    length = find_header(scope, b"content-length") or "0"
    return length != "0" or find_header(scope, b"transfer-encoding") is not None
