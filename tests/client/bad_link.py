"""A bad link: a TCP proxy that drops connections before, in and after what they carry."""

import asyncio
import contextlib
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class BadLink:
    """To `host:port`. Of all connections, `share` are dropped: a third at once, a third in the
    middle of the request, a third in the middle of the response, which has `most` bytes then."""

    host: str
    port: int
    share: float = 0.3
    seed: int = 1
    most: int = 900
    accepted: int = 0
    dropped: int = 0
    address: str = ""
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    async def serve(self, started: "threading.Event", stop: asyncio.Event) -> None:
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        started.set()
        async with server:
            await stop.wait()

    async def _carry(self, here: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        fate = self._fate()
        try:
            if fate == "at once":
                return
            there, on = await asyncio.open_connection(self.host, self.port)
            up = _pump(here, on, self._random.randrange(1, 4000) if fate == "request" else None)
            down = _pump(
                there, back, self._random.randrange(1, self.most) if fate == "response" else None
            )
            tasks = [asyncio.create_task(up), asyncio.create_task(down)]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            on.transport.abort()
        finally:
            back.transport.abort()

    def _fate(self) -> str:
        self.accepted += 1
        if self._random.random() >= self.share:
            return "spared"
        self.dropped += 1
        return self._random.choice(("at once", "request", "response"))


async def _pump(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, limit: int | None
) -> None:
    """Until the source ends or, with a limit, after so many bytes."""
    seen = 0
    with contextlib.suppress(ConnectionError):
        while data := await source.read(1024):
            data = data if limit is None else data[: limit - seen]
            seen += len(data)
            sink.write(data)
            await sink.drain()
            if limit is not None and seen >= limit:
                return


@contextlib.contextmanager
def bad_link(host: str, port: int, **options: Any) -> Iterator[BadLink]:
    """Runs in a thread of its own. options: those of `BadLink`."""
    link, started = BadLink(host, port, **options), threading.Event()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(link.serve(started, stop)))
    thread.start()
    assert started.wait(300)
    try:
        yield link
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(300)
        loop.close()
