"""A real server of an application, on one event loop with the test."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.server.serve import server_config
from api.settings import ApiSettings

Act = Callable[[int], Awaitable[None]]


def settings_without_redis(home: Path, **others: Any) -> ApiSettings:
    """Of a server that is asked by the name `a`, for tests that need no Redis."""
    values: dict[str, Any] = {
        "redis_url": "unix:///nowhere",
        "allowed_hosts": ("a",),
        "keep_alive_seconds": 0.2,
    }
    return ApiSettings(home=home, **values | others)


def serving(settings: ApiSettings, act: Act, app: FastAPI | None = None) -> None:
    """Runs `act` with the port of a server that is bounded by `settings`."""

    async def run() -> None:
        config = server_config(app or create_app(settings), settings, "127.0.0.1", 0)
        server = uvicorn.Server(config)
        serve = asyncio.create_task(server._serve())
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            await act(server.servers[0].sockets[0].getsockname()[1])
        finally:
            server.should_exit = True
            await serve

    asyncio.run(run())
