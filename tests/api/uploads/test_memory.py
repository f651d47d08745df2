"""The bytes that all requests have in memory together."""

import asyncio

from api.uploads.memory import MemoryBudget


def test_who_finds_too_little_left_waits_and_the_first_goes_first() -> None:
    async def run() -> list[int]:
        budget, order = MemoryBudget(10), list[int]()

        async def photo(size: int) -> None:
            async with budget.hold(size):
                order.append(size)
                await asyncio.sleep(0)

        await asyncio.gather(*map(photo, (6, 5, 1, 999)))
        return order

    assert asyncio.run(run()) == [6, 5, 1, 999]


def test_who_hangs_up_while_waiting_leaves_the_turn_to_others() -> None:
    async def run() -> None:
        budget, entered = MemoryBudget(10), asyncio.Event()

        async def photo(size: int) -> None:
            async with budget.hold(size):
                entered.set()

        async with budget.hold(10):
            large, small = asyncio.create_task(photo(10)), asyncio.create_task(photo(1))
            await asyncio.sleep(0)
            large.cancel()
        async with asyncio.timeout(60):
            await small
            async with budget.hold(10):
                assert entered.is_set()

    asyncio.run(run())
