"""What traces cost: `make bench-tracing`, or `python -m benchmarks.tracing`.

Four services in turn, under the same load: without the extra `otel`, with it and traces off, with
traces of one photo in a hundred, and of every photo. A cost is the processor time of API
and workers for a photo, and what an API process weighs.
"""

import argparse
import asyncio
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil

from benchmarks.common.measuring import write
from benchmarks.serve.load import closed_loop, numbered
from benchmarks.serve.servers import HERE, Ours, ours
from benchmarks.stages import AIMED_AT, PHOTOS, photo

CLIENTS = 4
_HIDDEN = """import sys
sys.modules |= {f"opentelemetry.{part}": None for part in ("sdk", "exporter")}
"""
"""Run by Python before a program: what the extra `otel` installs cannot be imported."""


class _Collector(BaseHTTPRequestHandler):
    """Takes spans and forgets them."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def collector() -> Iterator[str]:
    """The address of a collector of OTLP over HTTP."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def ways(address: str, hidden: Path) -> dict[str, dict[str, str]]:
    """The environment of each service."""
    (hidden / "sitecustomize.py").write_text(_HIDDEN)
    every = {"OTEL_EXPORTER_OTLP_ENDPOINT": address}
    sampled = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.01"}
    return {
        "without the extra": {"PYTHONPATH": f"{hidden}:{HERE}"},
        "off": {},
        "one in a hundred": every | sampled,
        "every photo": every,
    }


def measure(service: Ours, photos: Iterator[bytes], seconds: float) -> dict[str, float]:
    """Milliseconds a photo of API and workers, and MB of the API process."""
    with service:
        asyncio.run(closed_loop(service.send, service.address, photos, CLIENTS, 1.0))  # warm
        before = service.processor_seconds()
        found = asyncio.run(closed_loop(service.send, service.address, photos, CLIENTS, seconds))
        spent = service.spent_since(before, len(found.taken))
        costs = {name: spent[f"{name}_cpu_ms"] for name in ("api", "worker")}
        return costs | {"api_mb": round(weight_of_api(service), 1)}


def weight_of_api(service: Ours) -> float:
    """Of its memory what it shares with nobody, in MB."""
    family = psutil.Process(service.process.pid).children(recursive=True)
    (api,) = (one for one in family if "api" in one.cmdline())
    return float(api.memory_full_info().uss) / 1e6


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=6.0, help="of load, each")
    chosen = options.parse_args()
    photos = numbered(photo(*PHOTOS[AIMED_AT]), int(time.time()))
    found: dict[str, list[dict[str, float]]] = {}
    with collector() as address, tempfile.TemporaryDirectory() as folder:
        hidden = Path(folder) / "hidden"
        hidden.mkdir()
        for number in range(chosen.rounds):
            for way, environment in ways(address, hidden).items():
                home = Path(folder) / f"{number}-{way}"
                service = ours(home, ["serve", "--workers", "1"], **environment)
                found.setdefault(way, []).append(measure(service, photos, chosen.seconds))
    rows = [summary(way, rounds) for way, rounds in found.items()]
    write("tracing", vars(chosen) | {"clients": CLIENTS}, rows)


def summary(way: str, rounds: list[dict[str, float]]) -> dict[str, Any]:
    """Medians over the rounds, which are kept."""
    medians = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    print(
        f"{way:22} API {medians['api']:6.2f} ms a photo, worker {medians['worker']:6.2f} ms, "
        f"an API process {medians['api_mb']:6.1f} MB"
    )
    return {"traces": way, **medians, "rounds": rounds}


if __name__ == "__main__":
    main()
