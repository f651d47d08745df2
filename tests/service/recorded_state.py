"""The state of an installation as files: what is in Redis, by key, and the blobs of its folder.

    python -m tests.service.recorded_state REDIS_URL STATE_FOLDER TARGET

records one, so that later versions can be started on it.
"""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from redis import Redis

from jobs.redis.connections import connect
from jobs.redis.keyspace import PREFIX


def record(client: "Redis", home: Path, target: Path) -> None:
    keys = sorted(str(key) for key in client.scan_iter(PREFIX + "*"))
    found = {key: _read(client, key) for key in keys}
    target.mkdir(parents=True)
    (target / "redis.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    shutil.copytree(home / "blobs", target / "blobs", ignore=shutil.ignore_patterns(".parts"))


def restore(source: Path, client: "Redis", home: Path) -> None:
    """What was to expire expires as long after this as it would have after the record."""
    for key, entry in json.loads((source / "redis.json").read_text("utf-8")).items():
        _write(client, key, entry["type"], entry["value"])
        if entry["ttl_ms"] > 0:
            client.pexpire(key, entry["ttl_ms"])
    shutil.copytree(source / "blobs", home / "blobs")


def _read(client: Any, key: str) -> dict[str, Any]:
    kind = client.type(key)
    values: dict[str, Callable[[], Any]] = {
        "string": lambda: client.get(key),
        "hash": lambda: client.hgetall(key),
        "set": lambda: sorted(client.smembers(key)),
        "list": lambda: client.lrange(key, 0, -1),
        "zset": lambda: dict(client.zrange(key, 0, -1, withscores=True)),
    }
    return {"type": kind, "ttl_ms": client.pttl(key), "value": values[kind]()}


def _write(client: Any, key: str, kind: str, value: Any) -> None:
    writes: dict[str, Callable[[], Any]] = {
        "string": lambda: client.set(key, value),
        "hash": lambda: client.hset(key, mapping=value),
        "set": lambda: client.sadd(key, *value),
        "list": lambda: client.rpush(key, *value),
        "zset": lambda: client.zadd(key, value),
    }
    writes[kind]()


if __name__ == "__main__":
    url, folder, place = sys.argv[1:]
    record(connect(url), Path(folder), Path(place))
