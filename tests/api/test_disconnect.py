"""Work for clients who hang up."""

import asyncio

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from api.disconnect import while_connected


def test_work_ends_when_its_client_hangs_up() -> None:
    async def run() -> None:
        begun, hung_up, canceled = (asyncio.Event() for _ in range(3))

        async def receive() -> Message:
            await hung_up.wait()
            return {"type": "http.disconnect"}

        async def work() -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                canceled.set()

        request = Request({"type": "http"}, receive)
        working = asyncio.create_task(while_connected(request, work()))
        await begun.wait()
        hung_up.set()
        with pytest.raises(ClientDisconnect):
            await working
        async with asyncio.timeout(60):
            await canceled.wait()

    asyncio.run(run())


def test_an_error_of_the_work_is_its_own() -> None:
    async def run() -> None:
        async def receive() -> Message:
            await asyncio.Event().wait()
            raise AssertionError

        async def work() -> None:
            raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            await while_connected(Request({"type": "http"}, receive), work())

    asyncio.run(run())
