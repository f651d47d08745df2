"""Checks where state is kept: the folder, writable and with room; and the bucket, if there is
one."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from cli.diagnostics.findings import Finding, ok, problem, warning
from cli.serve.preflight import LEAST_FREE_BYTES
from jobs.blobs import open_blobs
from jobs.errors import BlobsFailed
from jobs.settings import SharedSettings

FOLDER, BUCKET = "folder", "bucket"
_PLENTY = 10 * LEAST_FREE_BYTES


def check_folder(home: Path) -> Finding:
    existing = _existing(home)
    try:
        _try_writing(existing)
    except OSError as error:
        found = f"cannot write to {existing}: {error.strerror}"
        return problem(FOLDER, found, "Mend its rights, or set CROPSHIELD_HOME to another folder.")
    return _room(existing, home)


def is_served(home: Path) -> bool:
    """Whether `cropshield serve` runs on this folder."""
    try:
        with (home / "serve.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _existing(home: Path) -> Path:
    """The folder, or the nearest folder above it that exists."""
    return next(
        existing for existing in (home.resolve(), *home.resolve().parents) if existing.exists()
    )


def _try_writing(existing: Path) -> None:
    if not existing.is_dir():
        raise NotADirectoryError(20, os.strerror(20))
    with tempfile.TemporaryFile(dir=existing) as file:
        file.write(b"1")


def _room(existing: Path, home: Path) -> Finding:
    free = shutil.disk_usage(existing).free
    found = f"{free:,} bytes are free for {home.resolve()}"
    if free < LEAST_FREE_BYTES:
        return problem(FOLDER, found, f"Make room: at least {LEAST_FREE_BYTES:,} are needed.")
    if free < _PLENTY:
        return warning(FOLDER, found, "Make room soon: photos and overlays go there.")
    return ok(FOLDER, found)


def check_bucket(settings: SharedSettings) -> Finding:
    """Whether it can be written to."""
    try:
        open_blobs(settings).check()
    except BlobsFailed as error:
        advice = "Mend CROPSHIELD_BLOBS, CROPSHIELD_S3_ENDPOINT, AWS's keys, or the server."
        return problem(BUCKET, str(error), advice)
    return ok(BUCKET, f"{settings.blobs} takes photos")
