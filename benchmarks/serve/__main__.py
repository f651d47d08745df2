"""The service under load, beside others with the same engine: `make bench-serve`.

    make bench-serve ARGS='--only ours,engine --rounds 1 --seconds 5'

Rounds in turn: each server is started, warmed, loaded by 1, 4, 16 and 64 clients, then by photos
that come by chance at 50, 80 and 120 % of what it did with 16, and stopped. The engine alone runs
in one process on the same cores. Peers get environments of their own in `--environments`.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.common.measuring import write
from benchmarks.common.ports import free_port
from benchmarks.serve.environments import PEERS, python_of, versions
from benchmarks.serve.load import closed_loop, numbered, open_loop
from benchmarks.serve.servers import HERE, Peer, Server, ours
from benchmarks.stages import AIMED_AT, PHOTOS, photo

CLIENTS, RATES, RATED_AT = (1, 4, 16, 64), (0.5, 0.8, 1.2), 16
NAMES = ("ours", *PEERS, "engine")
QUEUE = {"CROPSHIELD_QUEUE_BOUND": "64"}
"""Of ours in the open loop: what comes beyond is refused, so that the rest waits no longer."""


@dataclass
class Found:
    """Figures by (server, load), one a round."""

    rounds: dict[tuple[str, str], list[dict[str, Any]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add(self, server: str, load: str, figures: dict[str, Any]) -> None:
        self.rounds[server, load].append(figures)
        told = ", ".join(f"{key} {value}" for key, value in figures.items())
        print(f"{server:10}{load:14}{told}", flush=True)

    def median(self, server: str, load: str, key: str) -> float:
        values = [figures.get(key, 0.0) for figures in self.rounds.get((server, load), ())]
        return statistics.median(values) if values else 0.0


def server_of(name: str, folder: Path, environments: Path, workers: int | None) -> Server:
    """Not yet started."""
    if name == "ours":
        command = ["serve", *(["--workers", str(workers)] if workers else [])]
        return ours(Path(tempfile.mkdtemp(dir=folder)), command, **QUEUE)
    python = python_of(name, environments)
    module, port = f"benchmarks.serve.peers.{name}_app", free_port()
    command = [str(python), "-m", module, str(port)]
    return Peer(name, command, folder / f"{name}.log", port, {"PYTHONPATH": str(HERE)})


def load(
    server: Server, photos: Iterator[bytes], counts: list[int], seconds: float, found: Found
) -> None:
    """All loads, one after the other, on a server that runs."""
    asyncio.run(closed_loop(server.send, server.address, photos, 4, min(seconds, 5.0)))
    rate = 0.0
    for clients in counts:
        before = server.processor_seconds()
        answers = asyncio.run(closed_loop(server.send, server.address, photos, clients, seconds))
        spent = server.spent_since(before, len(answers.taken))
        found.add(server.name, f"{clients} clients", answers.figures() | spent)
        rate = answers.figures()["jobs_per_second"] if clients == RATED_AT else rate
    for share in RATES if rate else ():
        answers = asyncio.run(open_loop(server.send, server.address, photos, share * rate, seconds))
        found.add(server.name, f"open {share:.0%}", answers.figures())


def engine_alone(file: Path, seconds: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.serve.work", str(file), str(seconds)]
    told = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=True).stdout
    return {"jobs_per_second": round(json.loads(told.splitlines()[-1]), 2)}


def show(found: Found, names: list[str], clients: list[int]) -> None:
    """Jobs a second and the 95th percentile of all, and shares of the engine alone."""
    alone = found.median("engine", "alone", "jobs_per_second")
    closed = [f"{count} clients" for count in clients]
    opened = [f"open {share:.0%}" for share in RATES]  # measured where 16 clients were
    loads = closed + [label for label in opened if (names[0], label) in found.rounds]
    print("\njobs/s (p95 ms), medians\n" + " " * 12 + "".join(f"{name:>18}" for name in names))
    for label in loads:
        line = f"{label:12}"
        for name in names:
            rate, late = (found.median(name, label, key) for key in ("jobs_per_second", "p95_ms"))
            line += f"{rate:8.1f} ({late:7.0f})"
        print(line)
    if alone:
        for label in closed:
            share = found.median("ours", label, "jobs_per_second") / alone
            print(f"ours, {label}: {share:.2f} of the engine alone ({alone:.1f} jobs/s)")
    print("aims: 0.85 of the engine alone at 16 and 64 clients; ahead of all peers; at 120 % the")
    print("excess gets 503 with Retry-After and the rest keeps its p95; 8 x the usual server")


def read_options() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=15.0, help="of each load")
    options.add_argument("--clients", type=int, nargs="+", default=list(CLIENTS))
    options.add_argument("--only", default=",".join(NAMES), help="names, with commas between")
    options.add_argument("--workers", type=int, help="of ours; without it what suits the machine")
    options.add_argument("--environments", type=Path, default=HERE / "var/bench-serve")
    chosen = options.parse_args()
    chosen.names = chosen.only.split(",")
    if unknown := set(chosen.names) - set(NAMES):
        options.error(f"unknown servers {', '.join(unknown)}; known are {', '.join(NAMES)}")
    return chosen


def measure(chosen: argparse.Namespace, data: bytes) -> Found:
    """Every server in turn, round after round."""
    found, photos = Found(), numbered(data, int(time.time()))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "photo.jpg").write_bytes(data)
        for name in chosen.names * chosen.rounds:
            if name == "engine":
                found.add(name, "alone", engine_alone(folder / "photo.jpg", 2 * chosen.seconds))
                continue
            with server_of(name, folder, chosen.environments, chosen.workers) as server:
                load(server, photos, chosen.clients, chosen.seconds, found)
    return found


def main() -> None:
    chosen, data = read_options(), photo(*PHOTOS[AIMED_AT])
    peers = [name for name in PEERS if name in chosen.names]
    releases = {name: versions(name, python_of(name, chosen.environments)) for name in peers}
    found = measure(chosen, data)
    show(found, [name for name in chosen.names if name != "engine"], chosen.clients)
    rows = [
        {"server": server, "load": label, "rounds": rounds}
        for (server, label), rounds in found.rounds.items()
    ]
    settings = {
        "rounds": chosen.rounds,
        "seconds": chosen.seconds,
        "bytes": len(data),
        "workers": chosen.workers,
    }
    write("serve", settings | {"peers": releases, "cores": os.cpu_count()}, rows)


if __name__ == "__main__":
    main()
