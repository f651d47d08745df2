"""What the processes of the server take in memory meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import psutil

from benchmarks.worst_photos import own_bytes

BOUNDS = {"API": 400_000_000, "worker": 1_000_000_000, "worker and decoders": 2_000_000_000}
"""Bytes; see `own_bytes`."""
_SECONDS = 0.25


class Peaks:
    """The most of each process of a server on this machine; empty where it is on another."""

    def __init__(self, port: int) -> None:
        self._processes = list(_processes_of(port))
        self.bytes = dict.fromkeys(BOUNDS, 0) if self._processes else {}

    @property
    def are_within(self) -> bool:
        return all(most <= BOUNDS[name] for name, most in self.bytes.items())

    def __str__(self) -> str:
        if not self.bytes:
            return "memory not seen: no server of this machine"
        return ", ".join(f"{name} {most / 1e6:,.0f} MB" for name, most in self.bytes.items())

    def look(self) -> None:
        for process in list(self._processes):
            try:
                self._look_at(process)
            except psutil.NoSuchProcess:  # it ended; the server starts another one
                self._processes.remove(process)

    def _look_at(self, process: "psutil.Process") -> None:
        own = own_bytes(process)
        if "worker" in process.cmdline():
            children = sum(map(own_bytes, process.children(recursive=True)))
            self._note("worker", own)
            self._note("worker and decoders", own + children)
        else:
            self._note("API", own)

    def _note(self, name: str, found: int) -> None:
        self.bytes[name] = max(self.bytes[name], found)


@asynccontextmanager
async def watched(port: int) -> AsyncIterator[Peaks]:
    """Looks at it four times a second."""
    peaks = Peaks(port)

    async def watch() -> None:
        while True:
            peaks.look()
            await asyncio.sleep(_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        yield peaks
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


def _processes_of(port: int) -> Iterator["psutil.Process"]:
    """API and workers: who listens there, and who was started beside it."""
    for connection in psutil.net_connections("tcp"):
        listens = connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,)
        if listens and connection.pid:
            api = psutil.Process(connection.pid)
            beside = (api.parent() or api).children()
            yield api
            yield from (each for each in beside if "worker" in each.cmdline())
            return
