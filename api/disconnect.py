"""Work that ends when its client disconnects."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

T = TypeVar("T")


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`. When the client disconnects, `work` is canceled and ClientDisconnect is
    raised.

    The request's body must have been read, or never be.
    """
    limit = asyncio.timeout(None)
    leaving = asyncio.create_task(_end_on_disconnect(limit, request))
    try:
        async with limit:
            return await work
    except TimeoutError:
        if limit.expired():
            raise ClientDisconnect from None
        raise
    finally:
        leaving.cancel()


async def _end_on_disconnect(limit: asyncio.Timeout, request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    limit.reschedule(asyncio.get_running_loop().time())
