"""A primary with replicas, for tests; they wait for replicas no longer than a moment."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.chaos.redis_group import RedisGroup
from cli.serve import private_redis
from jobs.redis import replication
from tests.service.conftest import free_port


def make_group(
    folder: Path, replicas: int, sentinels: int, server: Path | None = None, **how: Any
) -> RedisGroup:
    ports = [free_port() for _ in range(1 + replicas + sentinels)]
    servers, watching = ports[: 1 + replicas], ports[1 + replicas :]
    return RedisGroup(folder, servers, watching, server or private_redis.find_server(), **how)


@pytest.fixture
def replicated(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RedisGroup]:
    """A primary and a replica, of the server in the parameter, if any."""
    monkeypatch.setattr(replication, "CONFIRM_SECONDS", 0.2)
    group = make_group(tmp_path, 1, 0, getattr(request, "param", None))
    try:
        group.start()
        yield group
    finally:
        group.stop()
