"""Whether a Redis, and the state in it, fit this version."""

from redis import Redis
from redis.exceptions import RedisError

from jobs.errors import NewerState, RedisCluster
from jobs.redis import keyspace

NEWER = "NEWERSTATE"  # how the error of a script begins that refuses to touch it


def check_compatibility(redis: "Redis") -> None:
    """Raises Incompatible. A Redis that does not answer is not judged: all wait for it anyway."""
    try:
        cluster = int(redis.info("cluster")["cluster_enabled"])
        schema = None if cluster else redis.get(keyspace.SCHEMA_KEY)
    except (RedisError, OSError):
        return
    if cluster:
        raise RedisCluster
    if schema is not None and int(schema) > keyspace.SCHEMA:
        raise NewerState(int(schema), keyspace.SCHEMA)


def raise_if_newer(error: RedisError) -> None:
    """Raises NewerState where a script refused for that reason."""
    if str(error).startswith(NEWER):
        raise NewerState(int(str(error).split()[1]), keyspace.SCHEMA) from error
