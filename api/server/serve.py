"""uvicorn, with the limits of the settings on every connection."""

import resource
import socket
from dataclasses import fields, replace

import uvicorn
from starlette.types import ASGIApp

from api.server.connection import BoundedConnection, ConnectionLimits, ConnectionTotals
from api.settings import ApiSettings
from jobs.threads import switch_threads_often

_OTHER_FILES = 128  # open files for Redis, photos, temporary files, libraries


def serve(
    app: ASGIApp, settings: ApiSettings, host: str, port: int, descriptor: int | None = None
) -> None:
    """Run until a signal says to stop. `descriptor`: of a socket that listens already, which other
    processes may share."""
    switch_threads_often()
    sockets = None if descriptor is None else [socket.socket(fileno=descriptor)]
    uvicorn.Server(server_config(app, settings, host, port)).run(sockets)


def server_config(app: ASGIApp, settings: ApiSettings, host: str, port: int) -> uvicorn.Config:
    """What `serve` runs; the limit of open files is taken as it is."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_keep_alive=round(settings.keep_alive_seconds + 1),
        timeout_graceful_shutdown=5,
        server_header=False,
        http=_connection_class(settings),
        ws="none",
        proxy_headers=False,
    )


def _connection_class(settings: ApiSettings) -> type[BoundedConnection]:
    given = {it.name: getattr(settings, it.name) for it in fields(ConnectionLimits)}
    limits, files = ConnectionLimits(**given), resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files != resource.RLIM_INFINITY:
        room = max(files - _OTHER_FILES, files // 2)
        limits = replace(limits, max_connections=min(limits.max_connections, room))
    return type(
        "Connection", (BoundedConnection,), {"limits": limits, "totals": ConnectionTotals()}
    )
