"""One log line and one count for every request; never a file name, a query or a header."""

import logging
import re
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jobs.metrics import Counters

log = logging.getLogger(__name__)
_QUIET = {"/livez", "/readyz", "/metrics"}  # polled every few seconds by machines
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_JOB = re.compile(rb"/v1/jobs/([0-9a-f-]{36})$")


class AccessLogMiddleware:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, counters: Counters) -> None:
        self._app, self._counters = app, counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status, job_id = time.perf_counter(), 500, None

        async def send_and_note(message: Message) -> None:
            nonlocal status, job_id
            if message["type"] == "http.response.start":
                status, job_id = message["status"], _new_job(message)
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            milliseconds = round((time.perf_counter() - start) * 1000, 1)
            self._log_request(scope, status, milliseconds, job_id)

    def _log_request(
        self, scope: Scope, status: int, milliseconds: float, job_id: str | None
    ) -> None:
        route = route_of(scope)
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._counters.count("http_requests_total", method, route, str(status))
        level = logging.DEBUG if route in _QUIET and status < 400 else logging.INFO
        fields: dict[str, Any] = {"status": status, "milliseconds": milliseconds}
        job_id = job_id or scope.get("path_params", {}).get("job_id")
        if job_id and _JOB.search(f"/v1/jobs/{job_id}".encode()):
            fields["job_id"] = job_id
        log.log(level, "%s %s %d", method, route, status, extra=fields)


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
