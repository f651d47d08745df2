"""What is killed: a whole installation, its processes by name."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx2

from benchmarks.common.ports import free_port
from cli.serve import private_redis

LEASE_SECONDS = 4.0


class Installation:
    """A Redis, an API and some workers, each of which can be killed and started again."""

    def __init__(self, home: Path, workers: int) -> None:
        self.home, self._workers = home, workers
        self._socket = private_redis.socket_path(home)
        self.url = f"unix://{self._socket}"
        self.port = free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        self.bring_up("redis")
        self.start_service()

    def start_service(self) -> None:
        """All but Redis."""
        for name in ("api", *(f"worker{i}" for i in range(self._workers))):
            self.bring_up(name)
        _until(lambda: workers_of(self.port) >= self._workers)

    def bring_up(self, name: str) -> None:
        environment = os.environ | {"CROPSHIELD_HOME": str(self.home)} | self.settings()
        with (self.home / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                self.command(name), env=environment, stdout=log, stderr=log
            )

    def settings(self) -> dict[str, str]:
        return {
            "CROPSHIELD_REDIS_URL": self.url,
            "CROPSHIELD_LEASE_SECONDS": str(LEASE_SECONDS),
            "CROPSHIELD_MAX_ATTEMPTS": "9",  # workers are killed over photos that did nothing
        }

    def command(self, name: str) -> list[str]:
        if name == "redis":
            return private_redis.command(private_redis.find_server(), self.home, self._socket)
        more = ["--port", str(self.port)] if name == "api" else []
        return [sys.executable, "-m", "cli", name.rstrip("0123456789"), *more]

    def restart(self, name: str, number: signal.Signals) -> None:
        self.processes[name].send_signal(number)
        self.processes[name].wait()
        self.bring_up(name)

    def stop(self) -> None:
        """Redis last, so that the others can say goodbye."""
        for name in sorted(self.processes, key=lambda name: name == "redis"):
            self.processes[name].terminate()
            try:
                self.processes[name].wait(20)
            except subprocess.TimeoutExpired:
                self.processes[name].kill()
                self.processes[name].wait()


def workers_of(port: int) -> int:
    try:
        return int(httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=60).json()["workers"])
    except (httpx2.TransportError, KeyError):
        return 0


def _until(happened: Callable[[], bool], seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            raise TimeoutError("the installation did not come up; see its logs")
        time.sleep(0.2)
