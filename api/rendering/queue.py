"""Threads that draw pictures, and the requests that wait for them."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from api.problems.errors import RenderingBusy
from api.shares import Shares

T = TypeVar("T")


class RenderQueue:
    """At most `most` requests wait; owners take turns. A request that is canceled while it waits is
    never drawn. Nothing else runs in its threads."""

    def __init__(self, threads: int, most: int) -> None:
        self._executor = ThreadPoolExecutor(threads, "render")
        self._idle = threads
        self._shares = Shares(most)
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    async def run(self, owner: str, render: Callable[[], T]) -> T:
        """Raises RenderingBusy, and what `render` raises."""
        if self._idle:
            self._idle -= 1
        else:
            await self._turn(owner)
        loop = asyncio.get_running_loop()
        drawn = self._executor.submit(render)

        def end(_: object) -> None:
            with suppress(RuntimeError):  # the loop is closed, and nobody waits
                loop.call_soon_threadsafe(self._next)

        drawn.add_done_callback(end)  # also when the request was canceled meanwhile
        return await asyncio.wrap_future(drawn)

    async def _turn(self, owner: str) -> None:
        if not self._shares.take(owner):
            raise RenderingBusy(self._shares.total, self._shares.most)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it may have started at the same moment
                self._next()
            raise
        finally:
            self._shares.give_back(owner)

    def _next(self) -> None:
        """Start the next request: the first one of the owner whose turn it is."""
        while self._waiting:
            owner, turns = self._waiting.popitem(last=False)
            turn = turns.popleft()
            if turns:
                self._waiting[owner] = turns
            if not turn.done():
                turn.set_result(None)
                return
        self._idle += 1
