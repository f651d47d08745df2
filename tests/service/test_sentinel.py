"""A Redis that dies, its replica, a Sentinel, and an API that finds the new primary by itself."""

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import redis
import trustme
from kombu.exceptions import OperationalError

from api.settings import ApiSettings
from benchmarks.chaos.redis_group import RedisGroup
from cli.serve import private_redis
from jobs.redis.connections import connect, connect_async
from jobs.redis.keyspace import JOB
from jobs.redis.notifier import CELERY_QUEUE, CeleryNotifier, make_celery
from jobs.settings import SharedSettings
from tests.api.conftest import FakeWorker
from tests.redis_groups import make_group
from tests.service.conftest import START_SECONDS, Service, free_port, until
from tests.service.test_photo_to_overlay import jpeg, submit
from tests.tls_ports import tls_ports

pytestmark = pytest.mark.service
PASSWORDS = "of@redis/1", "of:sentinels&2"


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
    watched.pause(watched.sentinels[0])
    watched.start_redis(old)
    assert not _has(old, later)
    watched.resume(watched.sentinels[0])

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
        assert queue.get(timeout=START_SECONDS).headers["task"] == "cropshield.drain"
        queue.close()
    notifier.close()


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[RedisGroup]:
    """As `watched`, with a password for Redis and another one for the Sentinel."""
    made = make_group(tmp_path, 1, 1, password=PASSWORDS[0], sentinel_password=PASSWORDS[1])
    made.url = _with_passwords(made.sentinels[0])
    try:
        made.start()
        yield made
    finally:
        made.stop()


def _with_passwords(port: int, scheme: str = "redis", more: str = "") -> str:
    first, second = (quote(word, safe="") for word in PASSWORDS)
    place = f"127.0.0.1:{port}/leaves"
    return f"{scheme}+sentinel://:{first}@{place}?sentinel_password={second}{more}"


def test_redis_and_sentinels_may_ask_for_passwords_of_their_own(
    locked: RedisGroup, home: Path
) -> None:
    service = Service(home, locked.url)
    try:
        service.start_api()
        service.start("worker")
        until(lambda: service.workers() == 1, f"a worker, see {service.log}")
        assert _succeeds(service, 1)
        primary, replica = locked.ports
        locked.kill(primary)
        until(lambda: locked.role(replica) == "master", "the replica takes over")
        until(lambda: service.status("/readyz") == 200, "the API is ready again")
        assert _succeeds(service, 2)
        said = service.log.read_text()
        assert not any(word in said for word in (*PASSWORDS, *map(quote, PASSWORDS)))
    finally:
        service.close()


def _succeeds(service: Service, seed: int) -> bool:
    return bool(service.end_of(submit(service, jpeg(seed)))["state"] == "succeeded")


def test_redis_and_sentinels_may_speak_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    server, sentinel = free_port(), free_port()
    with tls_ports([server, sentinel], context) as (of_redis, of_sentinel):
        group = RedisGroup(
            tmp_path,
            [server],
            [sentinel],
            private_redis.find_server(),
            password=PASSWORDS[0],
            sentinel_password=PASSWORDS[1],
            watched=of_redis.port,
        )
        try:
            group.start()
            trusted = f"&ssl_ca_certs={tmp_path / 'ca.pem'}"
            _everything_connects(_with_passwords(of_sentinel.port, "rediss", trusted))
            assert of_sentinel.met["plain"] == 0
            first = quote(PASSWORDS[0], safe="")
            direct = f"rediss://:{first}@127.0.0.1:{of_redis.port}/0"
            _everything_connects(f"{direct}?ssl_ca_certs={tmp_path / 'ca.pem'}")
            _nothing_connects(_with_passwords(of_sentinel.port, "rediss"))
            _nothing_connects(direct)
        finally:
            group.stop()


def _nothing_connects(url: str) -> None:
    """The certificate is of an authority that the system does not know."""
    with pytest.raises(redis.RedisError):
        connect(url).ping()
    celery = make_celery(SharedSettings(redis_url=url))
    with celery.connection_for_write() as connection:
        connection.transport_options |= {"max_retries": 0}
        with pytest.raises((redis.RedisError, OperationalError)):
            _ = connection.default_channel
    celery.close()


def _everything_connects(url: str) -> None:
    """Threads, event loops and Celery."""
    with connect(url) as client:
        assert client.ping()

    async def ping() -> bool:
        client = connect_async(url)
        try:
            return bool(await client.ping())
        finally:
            await client.aclose()

    assert asyncio.run(ping())
    celery = make_celery(SharedSettings(redis_url=url))
    _a_notification_arrives(celery)
    celery.close()


def _has(port: int, path: str) -> bool:
    with redis.Redis(port=port) as client:
        return bool(client.exists(JOB + _id(path)))


def _id(path: str) -> str:
    return path.rpartition("/")[2]
