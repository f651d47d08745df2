"""A limit on the bytes that all requests of a process have in memory."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class MemoryBudget:
    """At most `most` bytes at once. A request that finds too little left waits, in order; one that
    is larger than the whole budget is let in alone."""

    def __init__(self, most: int) -> None:
        self._most = self._left = most
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def hold(self, size: int) -> AsyncIterator[None]:
        """A context during which so many bytes are in memory."""
        size = min(size, self._most)
        await self._take(size)
        try:
            yield
        finally:
            self._give(size)

    async def _take(self, size: int) -> None:
        if not self._waiting and size <= self._left:
            self._left -= size
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            await turn
        except asyncio.CancelledError:
            self._give(0 if turn.cancelled() else size)
            raise

    def _give(self, size: int) -> None:
        self._left += size
        while self._waiting:
            needed, turn = self._waiting[0]
            if needed > self._left and not turn.cancelled():
                return
            self._waiting.popleft()
            if not turn.cancelled():
                self._left -= needed
                turn.set_result(None)
