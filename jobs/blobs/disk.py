"""Blobs as files: `root/abc/<job id>.<name>`."""

import errno
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from jobs.errors import BlobMissing, BlobsFailed

PARTS = ".parts"
SCHEMA, SCHEMA_FILE = 1, ".schema"  # of names and places; 1 moves what is older to where it belongs
_DIGITS = 3
_PART_SECONDS = 3600  # longer than any write takes
_SYNCS = 32  # files at a time


class DiskBlobs:
    """A BlobStore in a folder.

    Files are written to a folder for partial files, synced, and renamed. A crash leaves partial
    files, which `remove_partial_writes` removes, but never half a blob.

    Jobs share folders by the first three digits of their ids. A folder for each job took half as
    much processor time again and twice the wait, since one more name has to be synced.
    """

    def __init__(self, root: Path) -> None:
        self._root, self._parts = root, root / PARTS
        self._syncing = ThreadPoolExecutor(_SYNCS, thread_name_prefix="sync")

    def put(self, job_id: str, name: str, data: bytes) -> None:
        self.put_all(job_id, {name: data})

    def put_all(self, job_id: str, blobs: Mapping[str, bytes]) -> None:
        size = sum(map(len, blobs.values()))
        with _as_blobs_failed(f"cannot store {size:,} bytes"):
            folder = self._folder(job_id)
            changed = [folder, *_make(folder)]
            _make(self._parts)
            self._write({self._path(job_id, name): data for name, data in blobs.items()})
            for parent in changed:
                _sync(parent)

    def get(self, job_id: str, name: str) -> bytes:
        with _as_blobs_failed(f"cannot read {name}"):
            try:
                return self._path(job_id, name).read_bytes()
            except FileNotFoundError as error:
                if not self._root.is_dir():  # the disk is not mounted: no photo is missing
                    raise
                raise BlobMissing(job_id, name) from error

    def has(self, job_id: str, name: str) -> bool:
        with _as_blobs_failed(f"cannot look for {name}"):
            return self._path(job_id, name).is_file()

    def delete(self, job_id: str, name: str) -> None:
        self.delete_each([job_id], name)

    def delete_each(self, job_ids: Sequence[str], name: str) -> None:
        with _as_blobs_failed(f"cannot delete {name}"):
            for job_id in job_ids:
                self._path(job_id, name).unlink(missing_ok=True)

    def erase(self, job_id: str) -> None:
        self.erase_each([job_id])

    def erase_each(self, job_ids: Sequence[str]) -> None:
        erased, folders = set(job_ids), {self._folder(job_id) for job_id in job_ids}
        with _as_blobs_failed(f"cannot erase {len(job_ids):,} jobs"):
            for blob in (blob for folder in folders for blob in _files(folder)):
                if _job_of(blob) in erased:
                    blob.unlink(missing_ok=True)

    def list_jobs(self, shard: str) -> list[str]:
        with _as_blobs_failed("cannot list blobs"):
            return list({_job_of(blob): None for blob in self._root.glob(f"{shard}??/*")})

    def remove_partial_writes(self) -> int:
        """Partial files that are an hour old belong to a process that is dead."""
        dead, before = 0, time.time() - _PART_SECONDS
        with _as_blobs_failed("cannot remove parts"), suppress(FileNotFoundError):
            for part in self._parts.iterdir():
                with suppress(FileNotFoundError):  # renamed or removed in between
                    if part.stat().st_mtime < before:
                        part.unlink()
                        dead += 1
        return dead

    def check(self) -> None:
        """As `BlobStore.check`; raises BlobsFailed for a folder of a newer version too."""
        check_schema(self._root)
        with _as_blobs_failed(f"cannot write to {self._root}"):
            self._root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._root) as file:
                file.write(b"1")
            self._move_older_blobs()
            self._note_schema()

    def _note_schema(self) -> None:
        path = self._root / SCHEMA_FILE
        if not path.exists():
            self._parts.mkdir(exist_ok=True)
            self._write({path: b"%d\n" % SCHEMA})

    def _move_older_blobs(self) -> None:
        """Until November 2026 each job had a folder, `root/ab/<job id>/<name>`: move its files."""
        for blob in self._root.glob("[0-9a-f][0-9a-f]/*/*"):
            target = self._path(blob.parent.name, blob.name)
            target.parent.mkdir(exist_ok=True)
            with suppress(FileNotFoundError):  # another process has moved it
                blob.rename(target)
        for folder in (
            *self._root.glob("[0-9a-f][0-9a-f]/*"),
            *self._root.glob("[0-9a-f][0-9a-f]"),
        ):
            with suppress(OSError):
                folder.rmdir()

    def _folder(self, job_id: str) -> Path:
        return self._root / job_id[:_DIGITS]

    def _path(self, job_id: str, name: str) -> Path:
        return self._folder(job_id) / f"{job_id}.{name}"

    def _write(self, contents: Mapping[Path, bytes]) -> None:
        """Replace the content of each file at once: it has the old content or the new one, whatever
        dies meanwhile."""
        with ExitStack() as stack:
            parts = [stack.enter_context(_part(self._parts, data)) for data in contents.values()]
            self._sync_each([handle for handle, _ in parts])
            for (_, part), path in zip(parts, contents, strict=True):
                os.replace(part, path)  # noqa: PTH105

    def _sync_each(self, handles: Sequence[int]) -> None:
        """Sync files side by side: then the file system writes its journal once for all of them,
        and not once for each."""
        others = [self._syncing.submit(os.fsync, handle) for handle in handles[1:]]
        try:
            for handle in handles[:1]:
                os.fsync(handle)
        finally:
            wait(others)
        for other in others:
            other.result()


@contextmanager
def _part(folder: Path, data: bytes) -> Iterator[tuple[int, str]]:
    """A new file with this content, not yet synced: its handle, and its path, at which nothing is
    left after an error."""
    handle, path = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            yield handle, path
    except BaseException:
        Path(path).unlink(missing_ok=True)
        raise


def check_schema(root: Path) -> None:
    """Raises BlobsFailed for a folder that a newer version has written."""
    nothing = FileNotFoundError, NotADirectoryError
    with _as_blobs_failed(f"cannot read {root}"), suppress(*nothing):
        found = int((root / SCHEMA_FILE).read_text())
        if found > SCHEMA:
            raise BlobsFailed(
                f"{root} has schema {found}, of a newer CropShield, and this one knows {SCHEMA}: "
                "upgrade it, or restore a backup"
            )


@contextmanager
def _as_blobs_failed(what: str) -> Iterator[None]:
    """Every failure of the disk is a BlobsFailed."""
    try:
        yield
    except OSError as error:
        raise BlobsFailed(f"{what}: {error.strerror}") from error


def _make(folder: Path) -> list[Path]:
    """Make a folder that is missing. Returns the folders above it that have a new entry by that."""
    if folder.exists():
        return []
    missing = [part for part in (folder, folder.parent) if not part.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return [part.parent for part in missing]


def _job_of(blob: Path) -> str:
    """The job id in a file name: ids have no dot, names may."""
    return blob.name.partition(".")[0]


def _files(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []


def _sync(folder: Path) -> None:
    """Have new names in a folder survive a loss of power, where the file system can."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network file systems cannot sync folders
            raise
    finally:
        os.close(handle)
