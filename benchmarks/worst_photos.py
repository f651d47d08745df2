"""The most that a worker and its decoders take with 64 of the worst photos that may be sent, at
once: `python -m benchmarks.worst_photos`.

The photos are drawn: of one colour, so that they are small as files, and as large as is allowed.
"""

import argparse
import io
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import httpx2
import pillow_heif
import psutil
from PIL import Image

from benchmarks.common.measuring import write
from benchmarks.memory import service
from benchmarks.queue import redis_server

GROUP, WORKER = 2_000_000_000, 1_000_000_000  # bytes of the worker with its decoders, and of itself
_PHOTOS, _SAMPLE_SECONDS, _LONGEST_SECONDS = 64, 0.2, 1800.0
_GREEN = (40, 120, 30)


def _file(kind: str, size: tuple[int, int], mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, _GREEN[:1] * len(Image.new(mode, (1, 1)).getbands())).save(
        buffer, kind, **options
    )
    return buffer.getvalue()


def _of_scans(size: tuple[int, int], count: int) -> bytes:
    """A progressive JPEG whose last scan comes so many times more."""
    data = _file("JPEG", size, progressive=True, subsampling=0)
    last = data[[found.start() for found in re.finditer(b"\xff\xda", data)][-1] : -2]
    return data[:-2] + last * count + data[-2:]


def _heif(size: tuple[int, int]) -> bytes:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", size, _GREEN)).save(buffer, quality=10)
    return buffer.getvalue()


WORST: dict[str, Callable[[], bytes]] = {
    "PNG, 2,000 x 32,000": lambda: _file("PNG", (2000, 32_000)),
    "PNG of 16 bits": lambda: _file("PNG", (8000, 8000), "I;16"),
    "PNG with transparency": lambda: _file("PNG", (8000, 8000), "RGBA"),
    "progressive JPEG": lambda: _file("JPEG", (8000, 8000), progressive=True, subsampling=0),
    "JPEG of 90 scans": lambda: _of_scans((4000, 4000), 80),
    "CMYK JPEG": lambda: _file("JPEG", (8000, 8000), "CMYK", progressive=True),
    "WebP": lambda: _file("WEBP", (6000, 6000), lossless=True, method=0),
    "TIFF of one strip": lambda: _file("TIFF", (8000, 8000), compression="tiff_adobe_deflate"),
    "AVIF": lambda: _file("AVIF", (4000, 4000), speed=10),
    "HEIF": lambda: _heif((4000, 4000)),
}


class Peak(threading.Thread):
    """The most bytes that a process had of its own, and that it had together with its children."""

    def __init__(self, process: "psutil.Process") -> None:
        super().__init__(daemon=True)
        self._process, self._stopped = process, threading.Event()
        self.alone = self.together = 0

    def run(self) -> None:
        while not self._stopped.wait(_SAMPLE_SECONDS):
            alone = own_bytes(self._process)
            children = sum(map(own_bytes, self._process.children(recursive=True)))
            self.alone = max(self.alone, alone)
            self.together = max(self.together, alone + children)

    def stop(self) -> None:
        self._stopped.set()
        self.join()


def own_bytes(process: "psutil.Process") -> int:
    """What is resident but for pages of files, such as the libraries that all processes share: a
    torch for GPUs has 300 MB of those. 0 once the process has ended."""
    try:
        found = process.memory_info()
    except psutil.NoSuchProcess:
        return 0
    return int(found.rss - found.shared)


def submit(address: str, photo: bytes) -> str:
    """The path of the job, or the status for which there is none."""
    answer = httpx2.post(
        f"{address}/v1/jobs", content=photo, headers={"Cache-Control": "no-cache"}, timeout=120
    )
    return answer.headers.get("Location", str(answer.status_code))


def wait_for(address: str, path: str) -> str:
    """How the job ended; what `submit` told where there is none."""
    end = time.monotonic() + _LONGEST_SECONDS
    while path.startswith("/") and time.monotonic() < end:
        job = httpx2.get(address + path, headers={"Prefer": "wait=20"}, timeout=60).json()
        if job["state"] not in ("queued", "running"):
            return str(job["state"] if not job["error"] else job["error"]["type"])
    return path


def measure(count: int) -> tuple[dict[str, Any], bool]:
    """So many photos, all sent at once; and whether the worker lived, within its bounds."""
    drawn = [make() for make in WORST.values()]
    with (
        redis_server() as redis,
        tempfile.TemporaryDirectory() as home,
        service(redis, Path(home)) as (address, processes),
        ThreadPoolExecutor(count) as threads,
    ):
        begun, peak = time.monotonic(), Peak(processes["worker"])
        peak.start()
        photos = islice(cycle(drawn), count)
        paths = list(threads.map(lambda photo: submit(address, photo), photos))
        ends = Counter(threads.map(lambda path: wait_for(address, path), paths))
        seconds = time.monotonic() - begun
        peak.stop()
        is_alive = processes["worker"].is_running()
    row = {
        "photos": count,
        "worker_mb": round(peak.alone / 1e6),
        "with_decoders_mb": round(peak.together / 1e6),
        "seconds": round(seconds, 1),
        "ends": dict(ends),
        "worker_lived": is_alive,
    }
    return row, peak.together <= GROUP and peak.alone <= WORKER and is_alive


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--photos", type=int, default=_PHOTOS)
    chosen = options.parse_args()
    row, held = measure(chosen.photos)
    sys.stdout.write("\n".join(f"{name:18} {value}" for name, value in row.items()) + "\n")
    write("worst_photos", vars(chosen), [row])
    if not held:
        sys.exit(f"the bounds are {WORKER:,} and {GROUP:,} bytes")


if __name__ == "__main__":
    main()
