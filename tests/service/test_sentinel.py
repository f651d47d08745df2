"""A Redis that dies, its replica, a Sentinel, and an API that finds the new primary by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from api.settings import ApiSettings
from benchmarks.chaos.redis_group import RedisGroup
from jobs.redis.keyspace import JOB
from jobs.redis.notifier import CELERY_QUEUE, CeleryNotifier, make_celery
from jobs.settings import SharedSettings
from tests.api.conftest import FakeWorker
from tests.redis_groups import make_group
from tests.service.conftest import Service, until
from tests.service.test_photo_to_overlay import jpeg, submit

pytestmark = pytest.mark.service


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[RedisGroup]:
    """A primary, a replica and a Sentinel, which is named behind one that is not there."""
    made = make_group(tmp_path, replicas=1, sentinels=1)
    made.url = made.url.replace("redis+sentinel://", "redis+sentinel://127.0.0.1:9,")
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def service(watched: RedisGroup, home: Path) -> Iterator[Service]:
    made = Service(home, watched.url)
    yield made
    made.close()


def test_jobs_go_on_at_the_replica_when_the_primary_is_killed(
    watched: RedisGroup, service: Service
) -> None:
    service.start_api()
    worker = FakeWorker(ApiSettings(redis_url=watched.url, home=service.home))
    ended, waiting = submit(service, jpeg(1)), submit(service, jpeg(2))
    worker.succeed()
    primary, replica = watched.ports
    until(lambda: _has(replica, waiting), "it is replicated")
    watched.kill(primary)

    until(lambda: service.status("/readyz") == 200, "the API is ready again")
    assert service.http.get(ended).json()["state"] == "succeeded"
    later = submit(service, jpeg(3))
    (claim,) = worker.queue.claim(1)
    assert claim.job.id == _id(waiting)
    worker.end(claim)
    assert worker.succeed() == _id(later)
    _a_primary_that_comes_back_serves_nothing_stale(watched, service, later)
    worker.client.close()


def _a_primary_that_comes_back_serves_nothing_stale(
    watched: RedisGroup, service: Service, later: str
) -> None:
    """It knows neither the `later` job nor that it is no primary any more."""
    old, new = watched.ports
    watched.start_redis(old)
    assert not _has(old, later)

    def is_replica() -> bool:
        assert service.http.get(later).json()["state"] == "succeeded"
        return watched.role(old) == "slave"

    until(is_replica, "it has become a replica")
    assert service.http.get(submit(service, jpeg(4))).json()["state"] == "queued"
    assert watched.role(new) == "master"
    until(lambda: _has(old, later), "it has what it missed")


def test_notifications_go_through_the_sentinel_before_and_after(watched: RedisGroup) -> None:
    celery = make_celery(SharedSettings(redis_url=watched.url))
    _a_notification_arrives(celery)
    primary, replica = watched.ports
    watched.kill(primary)
    until(lambda: watched.role(replica) == "master", "the replica takes over")
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


def _has(port: int, path: str) -> bool:
    with redis.Redis(port=port) as client:
        return bool(client.exists(JOB + _id(path)))


def _id(path: str) -> str:
    return path.rpartition("/")[2]
