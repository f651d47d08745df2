"""How small a worker on a CPU is: `python -m benchmarks.footprint`.

Its memory when it is ready and after many jobs, and the processor time until it is ready; the time
from `cropshield serve` to ready, the second time; the size of what `make serve TORCH=0` installs.
Models without a graph bring torch in.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import psutil
from packaging.requirements import Requirement

from benchmarks.common.measuring import write
from benchmarks.common.ports import free_port
from benchmarks.memory import Clients, service
from benchmarks.queue import redis_server

EXTRAS = ("api", "cpu", "s3", "folders")
AIMS = {"after_mb": 450.0, "start_s": 3.0, "installed_mb": 1000.0}


def worker_memory(jobs: int, clients: int) -> dict[str, Any]:
    """Resident megabytes of a worker that is ready, and after `jobs`; then with its decoders.
    Seconds of processor time until it is ready, which a busy machine does not change."""
    with (
        redis_server() as redis,
        tempfile.TemporaryDirectory() as home,
        service(redis, Path(home)) as (address, processes),
    ):
        worker = processes["worker"]
        idle, spent = worker.memory_info().rss, sum(worker.cpu_times()[:2])
        run = Clients(address, processes, jobs)
        run.run(clients)
        after, libraries = worker.memory_info().rss, _libraries(worker)
        whole = after + sum(child.memory_info().rss for child in worker.children(recursive=True))
    megabytes = {"idle_mb": idle, "after_mb": after, "with_decoders_mb": whole}
    rounded = {name: round(size / 1e6, 1) for name, size in megabytes.items()}
    return rounded | {
        "ready_cpu_s": round(spent, 2),
        "torch": "libtorch" in libraries,
        "states": run.states,
    }


def _libraries(process: "psutil.Process") -> str:
    return " ".join(mapped.path for mapped in process.memory_maps())


def second_start() -> float:
    """Seconds from `cropshield serve` to its line that it is ready, the second time."""
    with tempfile.TemporaryDirectory() as home:
        return [_start(Path(home)) for _ in range(2)][-1]


def _start(home: Path) -> float:
    command = [sys.executable, "-m", "cli", "serve", "--port", str(free_port())]
    environment = {name: value for name, value in os.environ.items() if "REDIS_URL" not in name}
    begun = time.monotonic()
    with subprocess.Popen(
        command,
        env=environment | {"CROPSHIELD_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout
        ready = any("ready. Open" in line for line in iter(server.stdout.readline, ""))
        taken = time.monotonic() - begun
        server.send_signal(signal.SIGTERM)
        server.stdout.read()
    if not ready:
        raise RuntimeError(f"cropshield serve ended with {server.returncode}")
    return taken


def installed() -> dict[str, float]:
    """Megabytes of each package that the light installation needs, the largest first."""
    found: dict[tuple[str, tuple[str, ...]], Distribution] = {}
    _collect("cropshield", EXTRAS, found)
    sizes = {name: _size(one) / 1e6 for (name, _), one in found.items()}
    return {name: round(size, 1) for name, size in sorted(sizes.items(), key=lambda one: -one[1])}


def _collect(
    name: str,
    extras: tuple[str, ...],
    found: dict[tuple[str, tuple[str, ...]], Distribution],
) -> None:
    """The package and all that it needs here, with these extras."""
    if (name, extras) in found:
        return
    try:
        one = found[name, extras] = distribution(name)
    except PackageNotFoundError as error:
        raise SystemExit(f"{name} is not installed: make serve TORCH=0, or make test") from error
    for wanted in _requirements(one, extras):
        _collect(_plain(wanted.name), tuple(sorted(wanted.extras)), found)


def _requirements(one: Distribution, extras: tuple[str, ...]) -> Iterator[Requirement]:
    for line in one.requires or ():
        wanted = Requirement(line)
        if wanted.marker is None or any(
            wanted.marker.evaluate({"extra": extra}) for extra in ("", *extras)
        ):
            yield wanted


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _size(one: Distribution) -> int:
    files = (Path(str(one.locate_file(file))) for file in one.files or ())
    return sum(file.stat().st_size for file in files if file.is_file())


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--jobs", type=int, default=1000)
    options.add_argument("--clients", type=int, default=8)
    chosen = options.parse_args()
    packages = installed()
    found = worker_memory(chosen.jobs, chosen.clients)
    found |= {"start_s": round(second_start(), 2), "installed_mb": round(sum(packages.values()), 1)}
    for name, value in found.items():
        aim = f"  (aim: at most {AIMS[name]:g})" if name in AIMS else ""
        print(f"{name:18}{json.dumps(value)}{aim}")
    print("largest:", ", ".join(f"{name} {size:g} MB" for name, size in [*packages.items()][:6]))
    write("footprint", vars(chosen), [found | {"packages_mb": packages}])


if __name__ == "__main__":
    main()
