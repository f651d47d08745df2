"""Blobs as files: `root/ab/<job id>/<name>`."""

import os
import tempfile
from pathlib import Path

from jobs.errors import BlobMissing, BlobsFailed


class DiskBlobs:
    """A BlobStore in a folder. A file is written beside its place, synced and renamed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, job_id: str, name: str, data: bytes) -> None:
        path = self._path(job_id, name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(path, data)
        except OSError as error:
            raise BlobsFailed(f"cannot store {len(data):,} bytes: {error.strerror}") from error

    def get(self, job_id: str, name: str) -> bytes:
        try:
            return self._path(job_id, name).read_bytes()
        except FileNotFoundError as error:
            raise BlobMissing(job_id, name) from error
        except OSError as error:
            raise BlobsFailed(f"cannot read {name}: {error.strerror}") from error

    def delete(self, job_id: str, name: str) -> None:
        try:
            self._path(job_id, name).unlink(missing_ok=True)
        except OSError as error:
            raise BlobsFailed(f"cannot delete {name}: {error.strerror}") from error

    def check(self) -> None:
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._root) as file:
                file.write(b"1")
        except OSError as error:
            raise BlobsFailed(f"cannot write to {self._root}: {error.strerror}") from error

    def _path(self, job_id: str, name: str) -> Path:
        return self._root / job_id[:2] / job_id / name


def _write_whole(path: Path, data: bytes) -> None:
    """The old content or the new one, never a part, whatever dies meanwhile."""
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)  # noqa: PTH105
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
