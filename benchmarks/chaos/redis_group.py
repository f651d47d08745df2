"""A primary, its replicas, and Sentinels that put one of them in its place when it dies."""

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import redis

from cli.serve import private_redis
from jobs.redis.replication import count_following

NAME = "leaves"
_SENTINEL = {"down-after-milliseconds": 3000, "failover-timeout": 5000, "parallel-syncs": 2}
_START_SECONDS = 300.0


class RedisGroup:
    """Servers by their ports on this machine; the first one begins as the primary.

    `url` names the Sentinels; without one, `url_of` names a server. `password` and
    `sentinel_password`: what they ask for. `watched`: the port at which Sentinels and clients find
    the first server, if not its own.
    """

    def __init__(
        self,
        folder: Path,
        ports: list[int],
        sentinels: list[int],
        server: Path,
        *,
        password: str = "",
        sentinel_password: str = "",
        watched: int = 0,
    ) -> None:
        self._folder, self._server = folder, server
        self.ports, self.sentinels = ports, sentinels
        self._password, self._sentinel_password = password, sentinel_password
        self._watched = watched or ports[0]
        hosts = ",".join(f"127.0.0.1:{port}" for port in sentinels)
        self.url = f"redis+sentinel://{hosts}/{NAME}"
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    @staticmethod
    def url_of(port: int) -> str:
        return f"redis://127.0.0.1:{port}/0"

    def start(self) -> None:
        first, *others = self.ports
        self.start_redis(first)
        for port in others:
            self.start_redis(port, "--replicaof", "127.0.0.1", str(first))
        for port in self.sentinels:
            self._start_sentinel(port)
        until(lambda: self.following(first) == len(others), "the replicas follow")
        until(lambda: all(map(self._knows_all, self.sentinels)), "the Sentinels know all")

    def start_redis(self, port: int, *options: str) -> None:
        home = self._folder / str(port)
        command = private_redis.command(self._server, home, home / "redis.sock")[1:]
        if self._password:
            options += ("--requirepass", self._password, "--masterauth", self._password)
        self._run(port, *command, "--port", str(port), *options)

    def kill(self, port: int) -> None:
        """As a machine that loses its power, but for what its disk has."""
        process = self._processes.pop(port)
        process.kill()
        process.wait()

    def pause(self, port: int) -> None:
        self._processes[port].send_signal(signal.SIGSTOP)

    def resume(self, port: int) -> None:
        self._processes[port].send_signal(signal.SIGCONT)

    def stop(self) -> None:
        for port in list(self._processes):
            self.kill(port)

    def primary(self) -> int:
        """The port of the primary, as the first Sentinel knows it."""
        with self._client(self.sentinels[0]) as client:
            return int(client.sentinel_get_master_addr_by_name(NAME)[1])

    def role(self, port: int) -> str:
        """`master`, `slave`, or nothing while it does not answer."""
        try:
            with self._client(port) as client:
                return str(client.info("replication")["role"])
        except redis.RedisError:
            return ""

    def following(self, port: int) -> int:
        """How many replicas are online at this primary."""
        with self._client(port) as client:
            return count_following(client.info("replication"))

    def _start_sentinel(self, port: int) -> None:
        config = self._folder / f"sentinel-{port}.conf"
        quorum = len(self.sentinels) // 2 + 1
        lines = [f"port {port}", f"sentinel monitor {NAME} 127.0.0.1 {self._watched} {quorum}"]
        lines += [f"sentinel {name} {NAME} {value}" for name, value in _SENTINEL.items()]
        if self._password:
            lines.append(f'sentinel auth-pass {NAME} "{self._password}"')
        if self._sentinel_password:
            lines.append(f'requirepass "{self._sentinel_password}"')
        config.write_text("\n".join(lines) + "\n")
        self._run(port, str(config), "--sentinel")

    def _knows_all(self, sentinel: int) -> bool:
        with self._client(sentinel) as client:
            replicas = [one for one in client.sentinel_slaves(NAME) if not one["is_disconnected"]]
            others = len(client.sentinel_sentinels(NAME))
        return len(replicas) == len(self.ports) - 1 and others == len(self.sentinels) - 1

    def _client(self, port: int) -> "redis.Redis":
        password = self._sentinel_password if port in self.sentinels else self._password
        return redis.Redis(
            port=port, password=password or None, decode_responses=True, socket_timeout=60
        )

    def _run(self, port: int, *words: str) -> None:
        with (self._folder / f"{port}.log").open("ab") as log:
            self._processes[port] = subprocess.Popen(
                [self._server, *words], cwd=self._folder, stdout=log, stderr=log
            )
        with self._client(port) as client:
            until(lambda: _answers(client), f"the server on port {port} answers")


def _answers(client: "redis.Redis") -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def until(happened: Callable[[], bool], what: str, seconds: float = _START_SECONDS) -> None:
    """Look again and again. Raises TimeoutError with `what` when the time is up."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        time.sleep(0.1)
