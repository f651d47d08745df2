"""The health check of a worker's container, on a real Redis."""

import socket
import subprocess
import sys
from pathlib import Path

import redis

from jobs.redis import keyspace
from jobs.redis.store import ALIVE_SECONDS

SCRIPT = Path(__file__).parents[2] / "deploy" / "worker_health.py"


def _check(url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT],
        env={"CROPSHIELD_REDIS_URL": url, "PYTHONPATH": str(SCRIPT.parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )


def _announce(url: str, host: str, seconds_ago: int) -> None:
    with redis.Redis.from_url(url) as client:
        client.zadd(keyspace.WORKERS, {f"{host}:7": client.time()[0] - seconds_ago})


def test_a_worker_that_announced_itself_is_healthy(redis_url: str) -> None:
    _announce(redis_url, socket.gethostname(), seconds_ago=1)
    assert _check(redis_url).returncode == 0


def test_a_worker_that_fell_silent_is_not(redis_url: str) -> None:
    _announce(redis_url, socket.gethostname(), seconds_ago=ALIVE_SECONDS + 2)
    found = _check(redis_url)
    assert found.returncode == 1
    assert "no worker on" in found.stderr


def test_another_machines_worker_does_not_count(redis_url: str) -> None:
    _announce(redis_url, "elsewhere", seconds_ago=1)
    assert _check(redis_url).returncode == 1


def test_a_dead_redis_is_one_sentence(tmp_path: Path) -> None:
    found = _check(f"unix://{tmp_path}/none.sock")
    assert found.returncode == 1
    assert "Redis does not answer" in found.stderr
    assert "Traceback" not in found.stderr
