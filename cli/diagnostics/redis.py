"""Checks Redis: reachable, recent enough, and set to lose nothing."""

from typing import Any

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from cli.diagnostics.findings import Finding, ok, problem, warning
from cli.errors import CommandError
from cli.serve import private_redis
from jobs.errors import Incompatible
from jobs.masking import masked
from jobs.redis.compatibility import check_compatibility
from jobs.redis.replication import count_following
from jobs.settings import SharedSettings

SUBJECT = "redis"
_FULL = 0.9
_WANTED = {
    "appendonly": ("yes", "accepted jobs are lost when Redis stops"),
    "appendfsync": ("always", "accepted jobs can be lost when Redis is killed"),
    "maxmemory-policy": ("noeviction", "Redis may drop jobs when memory is short"),
}


def find_url(settings: SharedSettings) -> str | None:
    """The Redis in use: the configured one, else the private one if it was ever started."""
    if "redis_url" in settings.model_fields_set:
        return settings.redis_url
    socket = private_redis.known_socket(settings.home)
    return f"unix://{socket}" if socket else None


def check_absent() -> Finding:
    """Without any Redis: whether `make serve` could start one."""
    try:
        found = private_redis.find_server()
    except CommandError as error:
        return problem(SUBJECT, "none runs and none can be started", str(error))
    return ok(SUBJECT, f"none runs now; `make serve` starts {found}")


def check_server(client: "Redis", url: str, replicas: int = 0) -> list[Finding]:
    """The findings; only a problem when it does not answer. `replicas`: how many must follow it."""
    url = masked(url)
    try:
        info = client.info()
        check_compatibility(client)
        configured = [_version(info, url), *_configured(client, info)]
        return [*configured, *_memory(info), *_writes(info), *_replicas(info, replicas)]
    except Incompatible as error:
        return [problem(SUBJECT, f"{url}: {error}", "See docs/how-to/run-on-several-machines.md.")]
    except (RedisError, OSError) as error:
        advice = "Start it, or mend CROPSHIELD_REDIS_URL."
        return [problem(SUBJECT, f"{url} does not answer: {error}", advice)]


def _version(info: dict[str, Any], url: str) -> Finding:
    version = str(info["redis_version"])
    if tuple(map(int, version.split(".")[:2])) < private_redis.OLDEST:
        return problem(SUBJECT, f"version {version} at {url}", "Install Redis 6.2 or later.")
    return ok(SUBJECT, f"version {version} at {url}")


def _configured(client: "Redis", info: dict[str, Any]) -> list[Finding]:
    try:
        given = {name: client.config_get(name).get(name, "") for name in _WANTED}
    except ResponseError:  # as managed servers do
        return _seen_from_outside(info)
    wrong = []
    for name, (wanted, consequence) in _WANTED.items():
        if given[name] != wanted:
            found = f"{name} is {given[name]}: {consequence}"
            advice = f"redis-cli config set {name} {wanted}, and in redis.conf: {name} {wanted}"
            wrong.append(problem(SUBJECT, found, advice))
    return wrong or [ok(SUBJECT, "every write is on disk, and nothing is evicted")]


def _seen_from_outside(info: dict[str, Any]) -> list[Finding]:
    """The findings about a server that does not allow CONFIG GET."""
    found = []
    if not info.get("aof_enabled"):
        found.append(problem(SUBJECT, "appendonly is off", "Turn append-only persistence on."))
    policy = info.get("maxmemory_policy", "unknown")
    if policy != "noeviction":
        found.append(problem(SUBJECT, f"maxmemory-policy is {policy}", "Set it to noeviction."))
    unknown = "it does not allow CONFIG GET, so appendfsync cannot be seen"
    return [*found, warning(SUBJECT, unknown, "Make sure that appendfsync is always.")]


def _memory(info: dict[str, Any]) -> list[Finding]:
    used, most = int(info["used_memory"]), int(info.get("maxmemory", 0))
    if not most or used < _FULL * most:
        return []
    found = f"{used:,} of {most:,} bytes of maxmemory are used; beyond it nothing is accepted"
    return [warning(SUBJECT, found, "Raise maxmemory, or keep results for a shorter time.")]


def _replicas(info: dict[str, Any], needed: int) -> list[Finding]:
    following = count_following(info)
    if following < needed:
        found = f"{following} replicas follow; CROPSHIELD_REDIS_REPLICAS is {needed}"
        return [problem(SUBJECT, f"{found}: no photo is accepted", "Start the replicas.")]
    return [ok(SUBJECT, f"{following} replicas follow")] if needed else []


def _writes(info: dict[str, Any]) -> list[Finding]:
    status = info.get("aof_last_write_status", "ok")
    if status == "ok":
        return []
    return [problem(SUBJECT, f"its last write failed ({status})", "Make room on its disk.")]
