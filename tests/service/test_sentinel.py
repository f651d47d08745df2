"""A Redis that dies, its replica, a Sentinel, and an API that finds the new primary by itself."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from api.settings import ApiSettings
from cli.serve import private_redis
from jobs.redis.notifier import CELERY_QUEUE, CeleryNotifier, make_celery
from jobs.settings import SharedSettings
from tests.api.conftest import FakeWorker
from tests.service.conftest import Service, free_port, until
from tests.service.test_photo_to_overlay import jpeg, submit

pytestmark = pytest.mark.service
NAME = "leaves"


class Watched:
    """A primary, a replica and a Sentinel on ports of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._server = folder, private_redis.find_server()
        self.primary, self.replica, self.sentinel = (free_port() for _ in range(3))
        self.url = f"redis+sentinel://127.0.0.1:9,127.0.0.1:{self.sentinel}/{NAME}"
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        self.start_redis(self.primary)
        self.start_redis(self.replica, "--replicaof", "127.0.0.1", str(self.primary))
        config = self._folder / "sentinel.conf"
        watched = f"sentinel monitor {NAME} 127.0.0.1 {self.primary} 1"
        times = {"down-after-milliseconds": 3000, "failover-timeout": 5000}
        lines = [f"port {self.sentinel}", watched]
        lines += [f"sentinel {name} {NAME} {value}" for name, value in times.items()]
        config.write_text("\n".join(lines) + "\n")
        self._run(self.sentinel, str(config), "--sentinel")
        with redis.Redis(port=self.sentinel, decode_responses=True) as client:
            until(lambda: len(_replicas(client)) == 1, "the Sentinel knows the replica", 30)

    def start_redis(self, port: int, *options: str) -> None:
        home = self._folder / str(port)
        command = private_redis.command(self._server, home, home / "redis.sock")[1:]
        self._run(port, *command, "--port", str(port), *options)

    def kill(self, port: int) -> None:
        self._processes[port].kill()
        self._processes.pop(port).wait()

    def stop(self) -> None:
        for port in list(self._processes):
            self.kill(port)

    def _run(self, port: int, *words: str) -> None:
        self._processes[port] = subprocess.Popen([self._server, *words], cwd=self._folder)
        with redis.Redis(port=port) as client:
            until(lambda: _answers(client), "Redis answers", 30)


def _answers(client: "redis.Redis") -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def _replicas(sentinel: "redis.Redis") -> list[object]:
    known = sentinel.sentinel_slaves(NAME)
    return [one for one in known if not one["is_disconnected"]]


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def service(watched: Watched, home: Path) -> Iterator[Service]:
    made = Service(home, watched.url)
    yield made
    made.close()


def test_jobs_go_on_at_the_replica_when_the_primary_is_killed(
    watched: Watched, service: Service
) -> None:
    service.start_api()
    worker = FakeWorker(ApiSettings(redis_url=watched.url, home=service.home))
    ended, waiting = submit(service, jpeg(1)), submit(service, jpeg(2))
    worker.succeed()
    with redis.Redis(port=watched.replica) as replica:
        until(lambda: bool(replica.exists("cropshield:1:job:" + _id(waiting))), "it is replicated")
    watched.kill(watched.primary)

    until(lambda: service.status("/readyz") == 200, "the API is ready again")
    assert service.http.get(ended).json()["state"] == "succeeded"
    later = submit(service, jpeg(3))
    (claim,) = worker.queue.claim(1)
    assert claim.job.id == _id(waiting)
    worker.end(claim)
    assert worker.succeed() == _id(later)
    _a_primary_that_comes_back_serves_nothing_stale(watched, service)
    worker.client.close()


def _a_primary_that_comes_back_serves_nothing_stale(watched: Watched, service: Service) -> None:
    watched.start_redis(watched.primary)
    with redis.Redis(port=watched.primary, decode_responses=True) as client:
        until(lambda: client.info("replication")["role"] == "slave", "it has become a replica")
    assert service.http.get(submit(service, jpeg(4))).json()["state"] == "queued"
    with redis.Redis(port=watched.replica, decode_responses=True) as client:
        assert client.info("replication")["role"] == "master"


def test_notifications_go_through_the_sentinel_before_and_after(watched: Watched) -> None:
    celery = make_celery(SharedSettings(redis_url=watched.url))
    _a_notification_arrives(celery)
    watched.kill(watched.primary)
    with redis.Redis(port=watched.replica, decode_responses=True) as client:
        until(lambda: client.info("replication")["role"] == "master", "the replica takes over")
    _a_notification_arrives(celery)
    celery.close()


def _a_notification_arrives(celery: object) -> None:
    notifier = CeleryNotifier(celery)
    with celery.connection_for_read() as connection:  # type: ignore[attr-defined]
        queue = connection.SimpleQueue(CELERY_QUEUE, no_ack=True)
        notifier.notify()
        assert queue.get(timeout=30).headers["task"] == "cropshield.drain"
        queue.close()
    notifier.close()


def _id(path: str) -> str:
    return path.rpartition("/")[2]
