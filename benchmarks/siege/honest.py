"""An honest client: it submits photos one after the other, and misses none of those accepted."""

import asyncio
import random
import time
from contextlib import suppress
from dataclasses import dataclass, field

import httpx2

from benchmarks.siege.attacks import leaf

LONGEST = 5.0  # seconds that a submission may take
_TRIED, _PAUSE = 4 * LONGEST, 0.2  # seconds
_END_SECONDS = 300.0  # until the last accepted job has to have ended


@dataclass
class Seen:
    """`taken`: seconds of each submission; `refused`: for good; `lost`: accepted, and did not
    succeed."""

    taken: list[float] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    refused: int = 0
    lost: int = 0

    @property
    def is_well(self) -> bool:
        return max(self.taken, default=0.0) <= LONGEST and not self.refused and not self.lost


async def submit_photos(address: str, seconds: float) -> Seen:
    """For so many seconds, and one at least."""
    seen, end, seed = Seen(), time.monotonic() + seconds, random.randrange(10**9)
    while not seen.taken or time.monotonic() < end:
        seed += 1
        begun = time.monotonic()
        path = await _submit(address, leaf(seed), begun + _TRIED)
        seen.taken.append(time.monotonic() - begun)
        if path:
            seen.paths.append(path)
        else:
            seen.refused += 1
        await asyncio.sleep(_PAUSE)
    return seen


async def _submit(address: str, photo: bytes, until: float) -> str | None:
    """The path of its job, however often it is refused until then."""
    while True:
        with suppress(httpx2.HTTPError):  # tried again, as when it is refused
            async with httpx2.AsyncClient(base_url=address, timeout=30) as client:
                answer = await client.post("/v1/jobs", content=photo)
            if answer.status_code < 500:
                return answer.headers.get("Location")
        if time.monotonic() > until:
            return None
        await asyncio.sleep(1)


async def count_lost(address: str, seen: Seen) -> None:
    """Wait for the end of all that was accepted, once the attack is over."""
    end = time.monotonic() + _END_SECONDS
    async with httpx2.AsyncClient(base_url=address, timeout=60) as client:
        for path in seen.paths:
            job = (await client.get(path)).json()
            while job.get("state") in ("queued", "running") and time.monotonic() < end:
                await asyncio.sleep(1)
                job = (await client.get(path)).json()
            seen.lost += job.get("state") != "succeeded"
