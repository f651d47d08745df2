"""uvicorn's connection with limits: on the head of a request, on idleness, on slow readers, and on
the number of connections."""

import asyncio
import logging
import secrets
from dataclasses import dataclass
from enum import Enum, auto
from typing import NoReturn

from starlette.requests import Request
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.context import context_of
from api.problems.errors import BadRequest, HeadersTooLarge, TargetTooLong, TooManyConnections
from api.problems.exception_handlers import error_response
from api.server.framing import check_head
from jobs.errors import CropShieldError

log = logging.getLogger(__name__)
_MAX_PIPELINED = 16
_LINGER_SECONDS = 2.0
_LONGEST_DRAIN = 30.0  # seconds for the rest of a body after its response
_DRAIN_RATE = 8000.0  # bytes a second, of such a rest of a body
_WATER = 48 * 1024  # bytes written between the transport's high and low marks
_LARGE, _FAST = 1_000_000, 1_000_000.0  # bytes, bytes a second: see `_is_stuck`
_BUSY_GRACE = 5.0
_WARNING_PAUSE = 10.0


class Phase(Enum):
    """What a connection is doing."""

    HEAD = auto()  # a request's head is coming
    BUSY = auto()  # a request is being answered
    DRAINING = auto()  # it was answered before all of its body had come
    IDLE = auto()  # between two requests
    REFUSED = auto()  # its problem is sent; more input is dropped, so that the client sees it


@dataclass(frozen=True)
class ConnectionLimits:
    """See the settings of the same names."""

    max_connections: int = 2000
    keep_alive_seconds: float = 5.0
    header_seconds: float = 10.0
    max_header_bytes: int = 32_768
    max_headers: int = 100
    max_target_bytes: int = 8192
    max_query_parameters: int = 100
    download_grace_seconds: float = 20.0
    download_bytes_per_second: float = 8000.0
    download_memory_bytes: int = 100_000_000

    @property
    def tick(self) -> float:
        """Seconds between two checks of a connection."""
        return min(1.0, self.keep_alive_seconds, self.header_seconds, self.download_grace_seconds)


@dataclass
class ConnectionTotals:
    """Totals over the connections of a process. `unsent`: bytes that clients have not yet
    fetched."""

    unsent: int = 0
    next_warning: float = 0.0


class BoundedConnection(HttpToolsProtocol):
    """One connection. It checks itself at intervals, instead of setting a timer for each thing that
    may take too long, so that no behaviour of a client gets around the check."""

    limits = ConnectionLimits()
    totals = ConnectionTotals()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._in_head = self._in_body = self._head_began_now = False
        self._header_bytes = self._framing_bytes = self._body_bytes = 0
        self._enter(Phase.HEAD)
        self._refusal: CropShieldError | None = None
        self._unsent = self._fetched = 0
        self._sending_since = self.loop.time()
        self._timer = self.loop.call_later(self.limits.tick, self._check)
        if len(self.connections) > self.limits.max_connections:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        self.totals.unsent -= self._unsent
        self._unsent = 0
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Closes the connection when data that belongs neither to a finished header nor to a body
        goes on for too long: they are kept by the parser."""
        if self._phase is Phase.REFUSED:
            return
        body, self._head_began_now = self._body_bytes, False
        super().data_received(data)
        in_body = self._in_body and body == self._body_bytes
        in_head = self._in_head and not self._head_began_now
        self._framing_bytes = self._framing_bytes + len(data) if in_head or in_body else 0
        if self._framing_bytes > self.limits.max_header_bytes:
            self._refuse(self._headers_too_large(self._framing_bytes))

    def on_message_begin(self) -> None:
        self._in_head = self._head_began_now = True
        self._header_bytes = 0
        if self._phase is Phase.IDLE:
            self._enter(Phase.HEAD)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        given, most = len(self.url), self.limits.max_target_bytes
        if given > most:
            self._reject(TargetTooLong("bytes of path and query", given, most))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called for a header of the head, or of a chunked body's end (a trailer), which nobody
        reads."""
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > self.limits.max_header_bytes:
            self._reject(self._headers_too_large(self._header_bytes))
        if not self._in_head:
            return
        super().on_header(name, value)
        given, most = len(self.headers), self.limits.max_headers
        if given > most:
            self._reject(HeadersTooLarge("headers", given, most))

    def on_headers_complete(self) -> None:
        given = self.url.partition(b"?")[2].count(b"&") + 1
        if given > self.limits.max_query_parameters:
            most = self.limits.max_query_parameters
            self._reject(TargetTooLong("parameters of a query", given, most))
        if len(self.pipeline) >= _MAX_PIPELINED:
            self._reject(BadRequest(f"more than {_MAX_PIPELINED} requests at once"))
        try:
            check_head(self.parser.get_http_version(), self.url, self.headers)
        except BadRequest as error:
            self._reject(error)
        self._in_head, self._in_body = False, True
        self._enter(Phase.BUSY)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body = False
        super().on_message_complete()
        if self._phase is Phase.DRAINING:
            self._enter(Phase.IDLE)

    def on_response_complete(self) -> None:
        is_last = not self.pipeline
        super().on_response_complete()
        if is_last:
            self._enter(Phase.DRAINING if self._in_body else Phase.IDLE)

    def resume_writing(self) -> None:
        self._fetched += _WATER
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._refusal or BadRequest(msg))

    @property
    def is_waiting(self) -> bool:
        """Whether no request is being answered."""
        return self._phase is not Phase.BUSY and not self.transport.is_closing()

    def _enter(self, phase: Phase) -> None:
        self._phase, self._since = phase, self.loop.time()
        self._drained_from = self._body_bytes

    def _check(self) -> None:
        now = self.loop.time()
        if self._is_stuck(now):
            self._warn("a client that fetches its answer too slowly is cut off")
            self.transport.abort()
        elif self._is_overdue(now - self._since):
            self.transport.close()
        self._timer = self.loop.call_later(self.limits.tick, self._check)

    def _is_overdue(self, waited: float) -> bool:
        """Whether the connection has been in its phase for too long."""
        limits = self.limits
        if self._phase is Phase.HEAD:
            return waited > limits.header_seconds
        if self._phase is Phase.DRAINING:
            drained = self._body_bytes - self._drained_from
            most = limits.keep_alive_seconds + drained / _DRAIN_RATE
            return waited > min(most, _LONGEST_DRAIN)
        if self._phase is Phase.REFUSED:
            return waited > _LINGER_SECONDS
        return self._phase is Phase.IDLE and waited > limits.keep_alive_seconds

    def _is_stuck(self, now: float) -> bool:
        """Whether the client fetches a response too slowly. Large responses are held to more while
        all responses together fill their memory."""
        unsent, before = self.transport.get_write_buffer_size(), self._unsent
        self.totals.unsent += unsent - before
        self._unsent, self._fetched = unsent, self._fetched + max(before - unsent, 0)
        if not unsent:
            self._sending_since, self._fetched = now, 0
            return False
        limits, taken = self.limits, now - self._sending_since
        if self.totals.unsent > limits.download_memory_bytes and unsent > _LARGE:
            return taken > _BUSY_GRACE + self._fetched / _FAST
        allowed = self._fetched / limits.download_bytes_per_second
        return taken > limits.download_grace_seconds + allowed

    def _make_room(self) -> None:
        """Close the connection that has waited longest; refuse this one when none waits."""
        self._warn(f"all of {self.limits.max_connections:,} connections are taken")
        waiting = [it for it in self.connections if isinstance(it, BoundedConnection)]
        waiting = [it for it in waiting if it is not self and it.is_waiting]
        if waiting:
            min(waiting, key=lambda it: it._since).transport.abort()
        else:
            self._refuse(TooManyConnections(self.limits.max_connections))

    def _headers_too_large(self, given: int) -> HeadersTooLarge:
        return HeadersTooLarge("bytes of headers", given, self.limits.max_header_bytes)

    def _reject(self, error: CropShieldError) -> NoReturn:
        """Stop the parser, which then calls `send_400_response`."""
        self._refusal = error
        raise error

    def _refuse(self, error: CropShieldError) -> None:
        """Answer the request that is coming with a problem, where that is possible, and close."""
        if self.transport.is_closing():
            return
        log.info("refused on a connection: %s", error)
        before = self.cycle
        if before and (before.response_started if self._in_body else not before.response_complete):
            self.transport.close()
            return
        if before:  # its application may stop
            before.disconnected = True
            before.message_event.set()
        self.transport.write(_response(error))
        self.transport.write_eof()
        self._enter(Phase.REFUSED)

    def _warn(self, message: str) -> None:
        """Log a warning, but not more than once in a while."""
        if self.loop.time() >= self.totals.next_warning:
            self.totals.next_warning = self.loop.time() + _WARNING_PAUSE
            log.warning(message)


def _response(error: CropShieldError) -> bytes:
    """A problem as the bytes of an HTTP response, where no request could be parsed."""
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": []})
    context_of(request.scope).request_id = secrets.token_hex(16)
    response = error_response(request, error)
    response.headers["Connection"] = "close"
    headers = b"".join(b"%s: %s\r\n" % header for header in response.raw_headers)
    return STATUS_LINE[response.status_code] + headers + b"\r\n" + bytes(response.body)
