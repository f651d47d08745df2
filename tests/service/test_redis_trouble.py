"""Redis goes away, or runs out of memory, under a running installation."""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from cli.serve import private_redis
from tests.service.conftest import Service, until
from tests.service.test_photo_to_overlay import jpeg, submit

pytestmark = pytest.mark.service
AWAY_SECONDS = 15  # longer than leases, and than a connection is tried without a pause


class OwnRedis:
    """As `make serve` starts it, for one test to stop."""

    def __init__(self, home: Path) -> None:
        self._socket = private_redis.socket_path(home)
        self.url = f"unix://{self._socket}"
        self._command = private_redis.command(private_redis.find_server(), home, self._socket)
        self.client: Any = redis.Redis.from_url(self.url, decode_responses=True)
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command)
        until(self._answers, "Redis answers")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        self._process.send_signal(number)
        self._process.wait()

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    own = OwnRedis(tmp_path / "own")
    yield own
    own.client.close()
    own.stop()


@pytest.fixture
def service(own_redis: OwnRedis, home: Path) -> Iterator[Service]:
    service = Service(home, own_redis.url)
    service.environment |= {"CROPSHIELD_BATCH_SIZE": "2", "CROPSHIELD_LEASE_SECONDS": "5"}
    yield service
    service.close()


def test_redis_goes_away_and_everything_goes_on_by_itself(
    service: Service, own_redis: OwnRedis
) -> None:
    service.start_api()
    worker = service.start_worker()
    photo = jpeg(9)
    paths = [submit(service, photo) for _ in range(30)]
    own_redis.stop(signal.SIGKILL)
    for call in (lambda: service.http.post("/v1/jobs", content=photo), _read(service, paths[0])):
        answer = call()
        assert answer.status_code == 503
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert service.status("/readyz") == 503
    assert service.status("/livez") == 200
    time.sleep(AWAY_SECONDS)
    assert worker.poll() is None, "a worker outlives its Redis"
    own_redis.start()
    until(lambda: service.status("/readyz") == 200 and service.workers() == 1, "signs of life")
    ended = [service.end_of(path) for path in paths]
    assert {job["state"] for job in ended} == {"succeeded"}
    assert service.end_of(submit(service, photo))["state"] == "succeeded"


def _read(service: Service, path: str) -> Any:
    return lambda: service.http.get(path)


def test_redis_without_memory_accepts_nothing_and_ends_what_it_has(
    service: Service, own_redis: OwnRedis
) -> None:
    service.start_api()
    worker = service.start_worker()
    photo = jpeg(9)
    paths = [submit(service, photo) for _ in range(20)]
    own_redis.client.config_set("maxmemory", 500_000)
    until(lambda: _is_refused_as_full(service, photo), "how full Redis is has been looked at")
    ended = [service.end_of(path) for path in paths]
    assert {job["state"] for job in ended} == {"succeeded"}
    assert worker.poll() is None
    own_redis.client.config_set("maxmemory", 0)
    until(lambda: service.http.post("/v1/jobs", content=photo).is_success, "there is room again")
    assert service.end_of(submit(service, photo))["state"] == "succeeded"


def _is_refused_as_full(service: Service, photo: bytes) -> bool:
    """Before that is known, for another reason."""
    refused = service.http.post("/v1/jobs", content=photo)
    assert refused.status_code == 503
    is_full: bool = refused.json()["type"] == "/problems/store-full"
    assert not is_full or int(refused.headers["Retry-After"]) >= 10
    return is_full
