"""docs/how-to/back-up-and-restore.md, followed line by line."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from api.settings import ApiSettings
from cli.serve import private_redis
from jobs.blobs import blob_names
from tests import programs
from tests.api.conftest import FakeWorker
from tests.docs.pages import ROOT, blocks
from tests.redis_servers import redis_servers
from tests.service.conftest import Service, free_port, until
from tests.service.test_photo_to_overlay import jpeg, submit

PAGE = ROOT / "docs/how-to/back-up-and-restore.md"
COLD_BACKUP, COLD_RESTORE, BACKUP, RESTORE, *_ = blocks(PAGE, "sh")
SERVERS = redis_servers()
pytestmark = pytest.mark.service


class Installation:
    """A Redis on a port and an API; the state folder is `var` in `folder`."""

    def __init__(self, folder: Path, server: Path) -> None:
        self.folder, self._server, self._port = folder, server, free_port()
        self.service = Service(folder / "var", f"redis://127.0.0.1:{self._port}/0")
        self._redis: subprocess.Popen[bytes] | None = None

    def start_redis(self) -> None:
        home = self.service.home
        command = private_redis.command(self._server, home, private_redis.socket_path(home))
        self._redis = subprocess.Popen([*command, "--port", str(self._port)])
        with redis.Redis.from_url(self.service.redis_url) as client:
            until(lambda: _answers(client), "Redis answers")

    def stop(self) -> None:
        self.service.stop()
        if self._redis:
            self._redis.terminate()
            self._redis.wait(60)

    def follow(self, block: str) -> None:
        """Run a block of the page, as it stands there."""
        found = programs.find("redis-tools")
        if found is None:
            pytest.skip("there is no redis-cli; tests.programs installs it")
        path = f"{Path(found).parent}:/usr/bin:/bin"
        environment = {"PATH": path, "CROPSHIELD_REDIS_URL": self.service.redis_url}
        command = ["bash", "-euc", block]
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr

    @contextmanager
    def worker(self) -> Iterator[FakeWorker]:
        """Takes a worker's part."""
        worker = FakeWorker(ApiSettings(redis_url=self.service.redis_url, home=self.service.home))
        yield worker
        worker.client.close()

    def command(self, *words: str) -> str:
        """What `cropshield` prints."""
        return subprocess.run(
            [sys.executable, "-m", "cli", *words],
            env=self.service.environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout


def _answers(client: "redis.Redis") -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


@pytest.fixture
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """On the Redis of the parameter, if any."""
    made = Installation(tmp_path, getattr(request, "param", None) or private_redis.find_server())
    (tmp_path / "var").mkdir()
    yield made
    made.stop()
    made.service.close()


@pytest.mark.parametrize(
    "installation",
    SERVERS.values(),
    ids=[f"redis-{version}" for version in SERVERS],
    indirect=True,
)
def test_what_was_there_at_the_backup_is_there_after_a_restore(installation: Installation) -> None:
    service = installation.service
    installation.start_redis()
    service.start_api()
    ended = submit(service, jpeg(1))
    with installation.worker() as worker:
        worker.succeed()
    overlay = f"{ended}/overlay"
    before = [service.http.get(path).content for path in (ended, overlay)]
    key = installation.command("keys", "add", "Ada's phone").strip()
    waiting = submit(service, jpeg(2))
    installation.follow(BACKUP)
    later = submit(service, jpeg(3))
    installation.stop()

    installation.follow(RESTORE)
    installation.start_redis()
    service.start_api()
    assert [service.http.get(path).content for path in (ended, overlay)] == before
    assert service.http.get(later).status_code == 404
    assert key[:11] in installation.command("keys", "list")
    with installation.worker() as worker:
        (claim,) = worker.queue.claim(8)
        assert (claim.job.id, claim.job.attempts) == (waiting.rpartition("/")[2], 1)
        assert worker.blobs.get(claim.job.id, blob_names.ORIGINAL) == jpeg(2)


def test_a_copy_of_the_state_folder_is_a_backup_of_a_stopped_server(
    installation: Installation,
) -> None:
    service = installation.service
    installation.start_redis()
    service.start_api()
    waiting = submit(service, jpeg(1))
    installation.stop()
    installation.follow(COLD_BACKUP)
    shutil.rmtree(service.home / "blobs")
    (service.home / "redis" / "redis.log").write_text("")

    installation.follow(COLD_RESTORE)
    installation.start_redis()
    service.start_api()
    assert service.http.get(waiting).json()["state"] == "queued"
    assert list((service.home / "blobs").rglob("*original*"))
