"""What is checked before a server starts; each failure is one sentence."""

import fcntl
import resource
import shutil
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from cli.errors import CommandError
from jobs.blobs.disk import check_schema
from jobs.errors import BlobsFailed, Incompatible
from jobs.redis.compatibility import check_compatibility
from jobs.redis.connections import connect
from jobs.settings import SharedSettings
from models.card_errors import CardError
from models.catalog import Catalog

LEAST_FREE_BYTES = 200_000_000
CLAIM_SECONDS, _POLL_SECONDS = 5.0, 0.1
_MAX_FILES = 2**20  # some programs count up to the limit when they start another one


def check_models(folders: Sequence[Path]) -> None:
    """Checks that every card can be read, and that its class list and weights are its own. Without
    torch."""
    try:
        catalog = list(Catalog(*folders))
        for card in catalog:
            card.verify()
    except CardError as error:
        raise CommandError(str(error)) from error
    if not catalog:
        raise CommandError(f"there is no model card in {' or '.join(map(str, folders))}")


def check_stores(settings: SharedSettings) -> None:
    """Checks that no newer version has written the state, and that the Redis is no cluster. Raises
    CommandError."""
    try:
        if settings.blobs == "disk":
            check_schema(settings.blob_folder)
        with connect(settings.redis_url) as redis:
            check_compatibility(redis)
    except (BlobsFailed, Incompatible) as error:
        raise CommandError(str(error)) from error


def raise_file_limit() -> None:
    """Open files of this process and its children: as many as the system allows, to a million."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = hard == resource.RLIM_INFINITY
    most = _MAX_FILES if unlimited else max(soft, min(hard, _MAX_FILES))
    with suppress(ValueError, OSError):  # macOS calls its own bound unlimited
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def check_port(host: str, port: int) -> None:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise CommandError(
            f"cannot listen on {host}:{port}: {error.strerror}. Choose another with PORT= or HOST=."
        ) from error


@contextmanager
def claimed_home(home: Path) -> Iterator[int]:
    """Claim the state folder, which is writable, has room, and belongs to this server while it
    runs.

    Yields the descriptor of its lock. A child that keeps it open keeps the folder claimed.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / "serve.lock").open("a")
    except OSError as error:
        raise CommandError(f"cannot write to the state folder {home}: {error.strerror}") from error
    with lock:
        _claim(lock.fileno(), home)
        _check_room(home)
        yield lock.fileno()


def _claim(lock: int, home: Path) -> None:
    """Wait a moment for the Redis of a server that was killed: it still writes to the folder."""
    end = time.monotonic() + CLAIM_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > end:
                raise CommandError(
                    f"another server already runs on the state folder {home}; "
                    "CROPSHIELD_HOME= names another folder"
                ) from error
            time.sleep(_POLL_SECONDS)
        except OSError as error:
            raise CommandError(f"cannot lock the state folder {home}: {error.strerror}") from error
        else:
            return


def _check_room(home: Path) -> None:
    free = shutil.disk_usage(home).free
    if free < LEAST_FREE_BYTES:
        raise CommandError(
            f"{free:,} bytes are free for the state folder {home}; "
            f"at least {LEAST_FREE_BYTES:,} are needed"
        )
