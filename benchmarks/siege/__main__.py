"""Attacks at full size on a running server, and what an honest client sees meanwhile.

    make serve            # in another terminal, without keys
    make siege            # ARGS='--only idle,forms --seconds 60 --size 0.1'

It fails when a submission takes longer than 5 s or is refused for good, when what was accepted does
not succeed, and when a process of the server on this machine takes more memory than it may. Attack
nothing but a server of your own.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from benchmarks.common.measuring import write
from benchmarks.siege.attacks import ATTACKS, Attack, Target
from benchmarks.siege.honest import count_lost, submit_photos
from benchmarks.siege.memory import BOUNDS, watched
from cli.serve.preflight import raise_file_limit

_SECONDS = 20.0


@asynccontextmanager
async def _under(attack: Attack, target: Target) -> AsyncIterator[None]:
    attacking = asyncio.create_task(attack(target))
    try:
        yield
    finally:
        attacking.cancel()
        await asyncio.gather(attacking, return_exceptions=True)


async def siege(target: Target, names: list[str], seconds: float) -> list[dict[str, Any]]:
    """Prints a line for each attack; `held`: whether no bound was broken meanwhile."""
    rows = []
    for name in names:
        async with watched(target.port) as peaks:
            async with _under(ATTACKS[name], target):
                await asyncio.sleep(1)
                seen = await submit_photos(target.address, seconds)
            await count_lost(target.address, seen)
        held = seen.is_well and peaks.are_within
        slowest = max(seen.taken)
        print(
            f"{name:12} {len(seen.taken):4} photos, slowest {slowest:6.2f} s, {seen.refused} "
            f"refused, {seen.lost} lost; {peaks}{'' if held else '   <- broken'}",
            flush=True,
        )
        counts = {"photos": len(seen.taken), "slowest": round(slowest, 2)}
        counts |= {"refused": seen.refused, "lost": seen.lost}
        rows.append({"attack": name, "held": held, "memory": peaks.bytes} | counts)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="http://127.0.0.1:8000")
    parser.add_argument("--only", default=",".join(ATTACKS), help="attacks, with commas between")
    parser.add_argument("--seconds", type=float, default=_SECONDS, help="of each attack")
    parser.add_argument("--size", type=float, default=1.0, help="share of the full size")
    parser.add_argument("--keep", action="store_true", help="write the table to results/")
    given = parser.parse_args()
    if unknown := set(given.only.split(",")) - ATTACKS.keys():
        parser.error(f"no attack {', '.join(sorted(unknown))}; there are {', '.join(ATTACKS)}")
    raise_file_limit()
    url = urlsplit(given.server)
    target = Target(url.hostname or "127.0.0.1", url.port or 80, given.size)
    rows = asyncio.run(siege(target, given.only.split(","), given.seconds))
    if given.keep:
        write("siege", vars(given), rows)
    if not all(row["held"] for row in rows):
        bounds = ", ".join(f"{name} {most / 1e6:,.0f} MB" for name, most in BOUNDS.items())
        raise SystemExit(f"broken; the bounds are 5 s, none refused, none lost, {bounds}")


if __name__ == "__main__":
    main()
