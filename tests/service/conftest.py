"""The real thing: an API process, worker processes and a Redis, on a free port."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
import redis

from benchmarks.common.ports import PORTS, free_ports
from jobs.redis import keyspace

START_SECONDS = 300  # before something counts as not happening, on however busy a machine
ROOT = Path(__file__).parents[2]
WAIT = {"Prefer": "wait=25"}
_given = set[int]()


def free_port() -> int:
    """A port for a server that is about to start, which no other test takes meanwhile: neither of
    this process nor of those that run beside it."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    own = PORTS[int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) :: processes]
    (port,) = free_ports(1, set(own) - _given)
    _given.add(port)
    return port


def until(happened: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Look again and again; fails with `what` when the time is up."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            pytest.fail(f"not within {seconds:g} s: {what}")
        time.sleep(0.1)


class Service:
    """Processes of one installation, on one machine or, by their `home`, on several.

    `environment` is for all of them, started from then on. What they print is in `log`. `api`,
    `worker`: the process of its kind that was started last.
    """

    api: "subprocess.Popen[bytes]"
    worker: "subprocess.Popen[bytes]"

    def __init__(self, home: Path, redis_url: str) -> None:
        self.home, self.redis_url, self.port = home, redis_url, free_port()
        self.log = home.with_suffix(".log")
        self.environment = os.environ | {"CROPSHIELD_REDIS_URL": redis_url}
        self._running: list[subprocess.Popen[bytes]] = []
        self.http = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=START_SECONDS)

    def start(
        self, *command: str, home: Path | None = None, code: Path = ROOT
    ) -> "subprocess.Popen[bytes]":
        """`code`: the checkout that the process is of."""
        home = home or self.home
        with home.with_suffix(".log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "cli", *command],
                cwd=code,
                env=self.environment | {"CROPSHIELD_HOME": str(home)},
                stdout=log,
                stderr=log,
            )
        self._running.append(process)
        return process

    def start_api(self, code: Path = ROOT) -> "subprocess.Popen[bytes]":
        self.api = process = self.start("api", "--port", str(self.port), code=code)
        self._until_ready(process, lambda: self.status("/readyz") == 200)
        return process

    def start_worker(
        self, home: Path | None = None, code: Path = ROOT
    ) -> "subprocess.Popen[bytes]":
        self.worker = process = self.start("worker", home=home, code=code)
        self._until_ready(process, lambda: self._has_reported(process), home)
        return process

    def _until_ready(
        self,
        process: "subprocess.Popen[bytes]",
        is_ready: Callable[[], bool],
        home: Path | None = None,
    ) -> None:
        """Fails at once, with what it said, where the process has ended."""
        log = (home or self.home).with_suffix(".log")
        until(lambda: is_ready() or process.poll() is not None, f"it is ready, see {log}")
        if process.poll() is not None:
            pytest.fail(f"it ended with {process.returncode}:\n{log.read_text()[-3000:]}")

    def _has_reported(self, process: "subprocess.Popen[bytes]") -> bool:
        with redis.Redis.from_url(self.redis_url, decode_responses=True) as client:
            names: Any = client.zrange(keyspace.WORKERS, 0, -1)
        return any(name.endswith(f":{process.pid}") for name in names)

    def end_of(self, path: str) -> dict[str, Any]:
        """The job, once it has ended."""
        job: dict[str, Any] = {}

        def has_ended() -> bool:
            job.update(self.http.get(path, headers=WAIT).json())
            return job["state"] not in ("queued", "running")

        until(has_ended, f"{path} has ended, see {self.log}")
        return job

    def workers(self) -> int:
        return int(self.http.get("/readyz").json()["workers"])

    def status(self, path: str) -> int:
        try:
            return self.http.get(path).status_code
        except httpx2.TransportError:
            return 0

    def stop(self) -> None:
        """Every process; they may be started again."""
        for process in self._running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._running:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()

    def close(self) -> None:
        self.http.close()
        self.stop()


@pytest.fixture
def service(redis_url: str, home: Path) -> Iterator[Service]:
    home.parent.mkdir(exist_ok=True)
    service = Service(home, redis_url)
    yield service
    service.close()


def children_of(process: "subprocess.Popen[bytes]") -> dict[str, psutil.Process]:
    """The children of a supervisor, by the last word that tells them apart."""
    found = psutil.Process(process.pid).children()
    names = ("redis-server", "worker", "api")
    return {
        name: child for child in found for name in names if name in " ".join(child.cmdline()[:4])
    }
