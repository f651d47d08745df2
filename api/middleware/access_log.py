"""One log line and one count for every request; never a file name, a query or a header."""

import logging
import re
import time
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jobs.metrics import Counters

log = logging.getLogger(__name__)
QUIET = {"/livez", "/readyz", "/metrics"}  # polled every few seconds by machines
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_JOB = re.compile(rb"/v1/jobs/([0-9a-f-]{36})$")


@dataclass
class _Exchange:
    """What is noted of a request while it is answered; the bytes are those of bodies."""

    status: int = 500
    job_id: str | None = None
    received: int = 0
    sent: int = 0


class AccessLogMiddleware:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, counters: Counters) -> None:
        self._app, self._counters = app, counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, exchange = time.perf_counter(), _Exchange()

        async def receive_and_note() -> Message:
            message = await receive()
            exchange.received += len(message.get("body", b""))
            return message

        async def send_and_note(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status, exchange.job_id = message["status"], _new_job(message)
            exchange.sent += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive_and_note, send_and_note)
        finally:
            seconds = time.perf_counter() - start
            self._count(scope, exchange, seconds)
            self._log_request(scope, exchange, round(seconds * 1000, 1))

    def _count(self, scope: Scope, exchange: _Exchange, seconds: float) -> None:
        route, count = route_of(scope), self._counters.count
        count("http_requests_total", method_of(scope), route, str(exchange.status))
        self._counters.observe("http_request_seconds", seconds, route)
        if exchange.received:
            count("http_received_bytes_total", route, by=exchange.received)
        if exchange.sent:
            count("http_sent_bytes_total", route, by=exchange.sent)

    def _log_request(self, scope: Scope, exchange: _Exchange, milliseconds: float) -> None:
        route, method, status = route_of(scope), method_of(scope), exchange.status
        level = logging.DEBUG if route in QUIET and status < 400 else logging.INFO
        fields: dict[str, Any] = {"status": status, "milliseconds": milliseconds}
        job_id = exchange.job_id or scope.get("path_params", {}).get("job_id")
        if job_id and _JOB.search(f"/v1/jobs/{job_id}".encode()):
            fields["job_id"] = job_id
        log.log(level, "%s %s %d", method, route, status, extra=fields)


def method_of(scope: Scope) -> str:
    """The method; any other than those of HTTP are one."""
    return scope["method"] if scope["method"] in _METHODS else "other"


def route_of(scope: Scope) -> str:
    """The path as it was declared, so that there are only so many of them."""
    route = scope.get("route")
    return str(getattr(route, "path", "")) or "unmatched"


def _new_job(message: Message) -> str | None:
    """The id of the job that a response points to."""
    for name, value in message.get("headers", ()):
        if name == b"location" and (found := _JOB.search(value)):
            return str(found[1], "ascii")
    return None
