"""Real parts for every test: a Redis of our own, and photos that the project draws."""

import io
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from cli.serve import private_redis
from pictures.drawn_leaves.leaves import draw_leaf
from tests.s3 import s3_server


@contextmanager
def started_redis(home: Path, server: Path | None = None) -> Iterator[str]:
    """URL of a Redis of its own, stopped in the end."""
    socket = private_redis.socket_path(home)
    argv = private_redis.command(server or private_redis.find_server(), home, socket)
    with subprocess.Popen(argv) as process:
        try:
            url = f"unix://{socket}"
            with redis.Redis.from_url(url) as client:
                wait_until_redis_answers(client)
            yield url
        finally:
            process.terminate()


os.environ.setdefault("CROPSHIELD_ALLOWED_HOSTS", '["testserver"]')  # Starlette's name for it


@pytest.fixture(scope="session")
def redis_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """URL of a Redis started as `make serve` starts it; of the server in the parameter, if any."""
    server = getattr(request, "param", None)
    with started_redis(tmp_path_factory.mktemp("redis"), server) as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """An empty Redis."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    """Address of an S3 server; whoever needs a bucket makes one."""
    with s3_server() as address:
        yield address


@pytest.fixture(scope="session")
def leaf_jpeg() -> bytes:
    """A drawn leaf with spots, as a phone would send it."""
    buffer = io.BytesIO()
    draw_leaf("spots", seed=3).photo.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A state folder."""
    return tmp_path / "var"


def wait_until_redis_answers(client: "redis.Redis") -> None:
    for _ in range(6000):
        try:
            client.ping()
        except redis.RedisError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the test's Redis did not start")


@pytest.fixture(scope="session")
def drawn_leaves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """train/ and val/ with two classes of drawn leaves, 24 and 8 photos."""
    root = tmp_path_factory.mktemp("leaves")
    for split, seeds in (("train", range(12)), ("val", range(20, 24))):
        for kind in ("healthy", "blight"):
            folder = root / split / f"Drawn__{kind}"
            folder.mkdir(parents=True)
            for seed in seeds:
                draw_leaf(kind, seed=seed, size=(96, 96)).photo.save(folder / f"{seed}.jpg")
    return root
