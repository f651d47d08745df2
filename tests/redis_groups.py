"""A primary with replicas, for tests; a paused one is waited for no longer than a moment."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.chaos.redis_group import RedisGroup
from cli.serve import private_redis
from jobs.redis import replication
from tests.service.conftest import free_port


class PatientGroup(RedisGroup):
    """Whose replicas have all the time that a client waits for Redis, unless one is paused."""

    def pause(self, port: int) -> None:
        super().pause(port)
        replication.CONFIRM_SECONDS = 0.2

    def resume(self, port: int) -> None:
        super().resume(port)
        replication.CONFIRM_SECONDS = 4.0


def make_group(
    folder: Path,
    replicas: int,
    sentinels: int,
    server: Path | None = None,
    kind: type[RedisGroup] = RedisGroup,
    **how: Any,
) -> RedisGroup:
    ports = [free_port() for _ in range(1 + replicas + sentinels)]
    servers, watching = ports[: 1 + replicas], ports[1 + replicas :]
    return kind(folder, servers, watching, server or private_redis.find_server(), **how)


@pytest.fixture
def replicated(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RedisGroup]:
    """A primary and a replica, of the server in the parameter, if any."""
    monkeypatch.setattr(replication, "CONFIRM_SECONDS", 4.0)
    group = make_group(tmp_path, 1, 0, getattr(request, "param", None), PatientGroup)
    try:
        group.start()
        yield group
    finally:
        group.stop()
