"""Everything dies, nothing is lost: `make chaos`.

Clients post photos and poll while workers are killed with -9, Redis is restarted (kill -9 and
TERM in turn), and the API is restarted. Every job that was answered with 202 must then reach one
end, and keep it.
"""

import argparse
import io
import itertools
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import httpx2
import redis

from benchmarks.measure import write
from cli import private_redis
from jobs import wire
from pictures.leaves import draw_leaf

LEASE_SECONDS = 4.0
TERMINAL = {"succeeded", "failed", "canceled", "expired"}
CONTRACT = {200, 202, 503}
SETTLE_SECONDS = 240.0


@dataclass(frozen=True)
class Plan:
    """How much work, and how much is killed while it is done."""

    jobs: int = 2000
    clients: int = 8
    worker_kills: int = 20
    redis_restarts: int = 5
    api_restarts: int = 3
    workers: int = 2
    pause: float = 1.0


@dataclass
class Outcome:
    """What was seen. A sound run has no lost, stuck, changed or strange."""

    accepted: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    strange: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    hung_up: int = 0
    attempts: Counter[int] = field(default_factory=Counter)
    recoveries: list[float] = field(default_factory=list)
    settled_seconds: float = 0.0

    @property
    def is_sound(self) -> bool:
        return not (self.lost or self.stuck or self.changed or self.strange)


class Installation:
    """A Redis, an API and some workers, each of which can be killed and started again."""

    def __init__(self, home: Path, workers: int) -> None:
        self.home, self._workers = home, workers
        self._socket = private_redis.socket_path(home)
        self.url = f"unix://{self._socket}"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._environment = os.environ | {
            "CROPSHIELD_HOME": str(home),
            "CROPSHIELD_REDIS_URL": self.url,
            "CROPSHIELD_LEASE_SECONDS": str(LEASE_SECONDS),
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        for name in ("redis", "api", *(f"worker{i}" for i in range(self._workers))):
            self.bring_up(name)
        _until(lambda: _workers(self.port) >= self._workers)

    def bring_up(self, name: str) -> None:
        command = [sys.executable, "-m", "cli", name.rstrip("0123456789")]
        if name == "redis":
            command = private_redis.command(private_redis.find_server(), self.home, self._socket)
        if name == "api":
            command += ["--port", str(self.port)]
        with (self.home / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, env=self._environment, stdout=log, stderr=log
            )

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


class Recovery(threading.Thread):
    """How long the jobs of a killed worker stay in hand, in seconds; made just before it. A job
    whose lease is renewed is another worker's."""

    def __init__(self, url: str, outcome: Outcome) -> None:
        super().__init__(daemon=True)
        self._url, self._outcome, self._begun = url, outcome, time.monotonic()
        self._held: set[tuple[str, float, str]] = set()
        self._held = self._in_hand()

    def run(self) -> None:
        while self._held and time.monotonic() - self._begun < SETTLE_SECONDS:
            time.sleep(0.05)
            self._held &= self._in_hand()
        self._outcome.recoveries.append(time.monotonic() - self._begun)

    def _in_hand(self) -> set[tuple[str, float, str]]:
        """Ids, ends of leases, attempts; while Redis is being restarted, as they were."""
        try:
            with redis.Redis.from_url(self._url, decode_responses=True, socket_timeout=2) as client:
                leases: Any = client.zrange(wire.LEASES, 0, -1, withscores=True)
                tries = [str(client.hget(wire.JOB + job_id, "attempts")) for job_id, _ in leases]
                return {(*lease, tried) for lease, tried in zip(leases, tries, strict=True)}
        except redis.RedisError:
            return self._held


class Client(threading.Thread):
    """Posts photos, tries again when refused, and sometimes hangs up before the answer."""

    def __init__(self, port: int, count: int, seed: int, outcome: Outcome) -> None:
        super().__init__(daemon=True)
        self._url, self._count, self._outcome = f"http://127.0.0.1:{port}", count, outcome
        self._random, self.ids = random.Random(seed), list[str]()
        self._photos = [_photo(seed * 10 + i) for i in range(3)]

    def run(self) -> None:
        with httpx2.Client(base_url=self._url, timeout=20) as http:
            while len(self.ids) < self._count:
                if self._random.random() < 0.02:
                    self._hang_up()
                self._submit(http)

    def _submit(self, http: httpx2.Client) -> None:
        try:
            photo = self._random.choice(self._photos)
            answer = http.post("/v1/jobs", content=photo, headers={"Cache-Control": "no-cache"})
        except httpx2.TransportError:  # the API is being restarted
            time.sleep(0.2)
            return
        if answer.status_code == 202:
            self.ids.append(answer.json()["id"])
        elif answer.status_code == 503:
            self._outcome.refused += 1
            time.sleep(0.3)
        else:
            self._outcome.strange[f"{answer.status_code} {answer.text[:200]}"] += 1

    def _hang_up(self) -> None:
        """Half a request, and gone."""
        self._outcome.hung_up += 1
        host, port = self._url.removeprefix("http://").split(":")
        try:
            with socket.create_connection((host, int(port)), timeout=2) as connection:
                connection.sendall(
                    b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n"
                )
        except OSError:
            return  # nobody there to hang up on


def run(plan: Plan, home: Path, seed: int = 0) -> Outcome:
    """Do it all; the outcome is complete when every accepted job was looked at."""
    outcome, installation = Outcome(), Installation(home, plan.workers)
    try:
        installation.start()
        share = plan.jobs // plan.clients
        port = installation.port
        clients = [Client(port, share, seed + i, outcome) for i in range(plan.clients)]
        for client in clients:
            client.start()
        watchers = _kill(plan, installation, random.Random(seed), outcome)
        for thread in (*clients, *watchers):
            thread.join()
        ids = list(itertools.chain.from_iterable(client.ids for client in clients))
        _settle(ids, port, outcome)
    finally:
        installation.stop()
    return outcome


def _kill(
    plan: Plan, installation: Installation, order: random.Random, outcome: Outcome
) -> list[Recovery]:
    """Kill by turns, in random order, with a pause after each; who watches what follows."""
    watchers = []
    workers = [f"worker{i}" for i in range(plan.workers)]
    blows = [(order.choice(workers), signal.SIGKILL) for _ in range(plan.worker_kills)]
    both = itertools.cycle([signal.SIGKILL, signal.SIGTERM])
    blows += [("redis", next(both)) for _ in range(plan.redis_restarts)]
    blows += [("api", next(both)) for _ in range(plan.api_restarts)]
    order.shuffle(blows)
    for name, number in blows:
        _until_busy(installation)
        time.sleep(plan.pause * order.random())
        if name.startswith("worker"):
            watchers.append(Recovery(installation.url, outcome))
            watchers[-1].start()
        installation.restart(name, number)
    return watchers


def _until_busy(installation: Installation, seconds: float = 20) -> None:
    """Until a worker has jobs in hand, so that a blow hurts; or until the time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with redis.Redis.from_url(installation.url, socket_timeout=2) as client:
                if client.zcard(wire.LEASES):
                    return
        except redis.RedisError:  # being restarted
            pass
        time.sleep(0.02)


def _settle(ids: list[str], port: int, outcome: Outcome) -> None:
    """Wait for every job's end, then look at each one again."""
    begun = time.monotonic()
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as http:
        first = {job_id: _end_of(http, job_id, begun, outcome) for job_id in ids}
        outcome.settled_seconds = time.monotonic() - begun
        for job_id, job in first.items():
            if job and http.get(f"/v1/jobs/{job_id}").json() != job:
                outcome.changed.append(job_id)
    outcome.accepted = len(ids)
    outcome.ends.update(job["state"] for job in first.values() if job)
    outcome.attempts.update(job["attempts"] for job in first.values() if job)


def _end_of(
    http: httpx2.Client, job_id: str, begun: float, outcome: Outcome
) -> dict[str, Any] | None:
    """The job once it has ended; None for a lost or a stuck one."""
    while time.monotonic() - begun < SETTLE_SECONDS:
        answer = http.get(f"/v1/jobs/{job_id}", headers={"Prefer": "wait=5"})
        if answer.status_code == 404:
            outcome.lost.append(job_id)
            return None
        if answer.status_code not in CONTRACT:
            outcome.strange[f"{answer.status_code} {answer.text[:200]}"] += 1
        job: dict[str, Any] = answer.json()
        if job.get("state") in TERMINAL:
            return job
    outcome.stuck.append(job_id)
    return None


def _photo(seed: int) -> bytes:
    buffer = io.BytesIO()
    draw_leaf("spots", seed=seed, size=(320, 240)).photo.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def _workers(port: int) -> int:
    try:
        return int(httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=5).json()["workers"])
    except (httpx2.TransportError, KeyError):
        return 0


def _until(happened: Any, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            raise TimeoutError("the installation did not come up; see its logs")
        time.sleep(0.2)


def _span(seconds: list[float]) -> str:
    if not seconds:
        return "none was killed"
    middle = statistics.median(seconds)
    return f"{middle:.1f}, {max(seconds):.1f} at most; two leases are {2 * LEASE_SECONDS:g}"


def facts(plan: Plan, outcome: Outcome) -> dict[str, Any]:
    """The outcome, line by line."""
    return {
        "jobs accepted": outcome.accepted,
        "ends": dict(outcome.ends),
        "attempts": dict(sorted(outcome.attempts.items())),
        "worker kills (-9)": plan.worker_kills,
        "Redis restarts": plan.redis_restarts,
        "API restarts": plan.api_restarts,
        "jobs of a killed worker returned (s)": _span(outcome.recoveries),
        "clients hung up": outcome.hung_up,
        "answers 503": outcome.refused,
        "lost": len(outcome.lost),
        "stuck": len(outcome.stuck),
        "with two different ends": len(outcome.changed),
        "answers outside the contract": dict(outcome.strange),
        "settled after the last post (s)": round(outcome.settled_seconds, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", action="store_true", help="write the table to results/")
    for option in fields(Plan):
        name = "--" + option.name.replace("_", "-")
        parser.add_argument(name, type=type(option.default), default=option.default)
    asked = vars(parser.parse_args())
    seed, keep, plan = asked.pop("seed"), asked.pop("keep"), Plan(**asked)
    with tempfile.TemporaryDirectory(prefix="cropshield-chaos-") as home:
        outcome = run(plan, Path(home), seed)
    table = facts(plan, outcome)
    print("\n".join(f"{name:38} {value}" for name, value in table.items()))
    if keep:
        write("chaos", asked | {"seed": seed}, [table])
    sys.exit(not outcome.is_sound)


if __name__ == "__main__":
    main()
