"""Requests that wait for pictures."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from api.problems.errors import RenderingBusy
from api.rendering.queue import RenderQueue
from jobs.records.job import LOCAL


class Painter:
    """Draws one picture at a time, when told to; `drawn` are their names."""

    def __init__(self, most: int) -> None:
        self.queue = RenderQueue(1, most)
        self.drawn: list[str] = []
        self._brush = threading.Semaphore(0)

    def begin(self, name: str, owner: str = LOCAL) -> "asyncio.Task[None]":
        return asyncio.create_task(self.queue.run(owner, self._draw(name)))

    def finish(self, count: int) -> None:
        self._brush.release(count)

    def _draw(self, name: str) -> Callable[[], None]:
        def draw() -> None:
            assert self._brush.acquire(timeout=60)
            self.drawn.append(name)

        return draw


def test_owners_take_turns() -> None:
    async def run() -> list[str]:
        painter = Painter(9)
        tasks = [painter.begin(name, name[0]) for name in ("a0", "a1", "a2", "a3", "b0", "b1")]
        await asyncio.sleep(0)
        painter.finish(6)
        await asyncio.gather(*tasks)
        return painter.drawn

    assert asyncio.run(run()) == ["a0", "a1", "b0", "a2", "b1", "a3"]


def test_who_would_wait_too_long_is_told_at_once() -> None:
    async def run() -> None:
        painter = Painter(2)
        tasks = [painter.begin(str(number)) for number in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(RenderingBusy, match="2 pictures wait to be drawn; the limit is 2"):
            await painter.begin("one too many")
        painter.finish(3)
        await asyncio.gather(*tasks)

    asyncio.run(run())


def test_no_key_takes_the_last_places_from_others() -> None:
    async def run() -> None:
        painter = Painter(4)
        tasks = [painter.begin(str(number), "greedy") for number in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(RenderingBusy):
            await painter.begin("3", "greedy")
        tasks.append(painter.begin("other", "other"))
        await asyncio.sleep(0)
        painter.finish(4)
        await asyncio.gather(*tasks)

    asyncio.run(run())


def test_what_nobody_waits_for_any_more_is_never_drawn() -> None:
    async def run() -> list[str]:
        painter = Painter(2)
        tasks = [painter.begin(name) for name in ("first", "left", "last")]
        await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.sleep(0)
        tasks.append(painter.begin("new"))  # its place is free again
        await asyncio.sleep(0)
        painter.finish(3)
        await asyncio.gather(*tasks, return_exceptions=True)
        return painter.drawn

    assert asyncio.run(run()) == ["first", "last", "new"]


def test_a_picture_whose_client_left_holds_its_thread_until_it_is_done() -> None:
    """Or two would be drawn at once."""

    async def run() -> list[str]:
        painter = Painter(2)
        first = painter.begin("first")
        await asyncio.sleep(0)
        second = painter.begin("second")
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert painter.queue._waiting
        painter.finish(2)
        await second
        return painter.drawn

    assert asyncio.run(run()) == ["first", "second"]
