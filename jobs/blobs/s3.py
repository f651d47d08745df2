"""Blobs in a bucket of S3 or of any server that speaks its protocol."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from itertools import chain

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from jobs.errors import BlobMissing, BlobsFailed

_CONNECT, _REQUEST = timedelta(seconds=2), timedelta(seconds=10)
_MAX_AT_ONCE = 16


class S3Blobs:
    """A BlobStore of objects `prefix/a/<job id>/<name>`.

    Credentials and region come from the variables, files and services that AWS's own tools read.
    An object is whole or not there, and stored before the answer, by S3's own promise.
    """

    def __init__(self, bucket: str, prefix: str = "", endpoint: str = "") -> None:
        self._name = f"s3://{bucket}"
        self._store = S3Store(
            bucket,
            prefix=prefix or None,
            config={"endpoint": endpoint} if endpoint else {},
            client_options={
                "allow_http": endpoint.startswith("http://"),
                "connect_timeout": _CONNECT,
                "timeout": _REQUEST,
            },
            retry_config={"max_retries": 2, "retry_timeout": _REQUEST},
        )
        self._pool = ThreadPoolExecutor(_MAX_AT_ONCE, thread_name_prefix="s3")

    def put(self, job_id: str, name: str, data: bytes) -> None:
        with self._as_blobs_failed(f"cannot store {len(data):,} bytes"):
            obstore.put(self._store, _path(job_id, name), data, use_multipart=False)

    def put_all(self, job_id: str, blobs: Mapping[str, bytes]) -> None:
        list(self._pool.map(lambda blob: self.put(job_id, *blob), blobs.items()))

    def get(self, job_id: str, name: str) -> bytes:
        with self._as_blobs_failed(f"cannot read {name}"):
            try:
                return bytes(obstore.get(self._store, _path(job_id, name)).bytes())
            except FileNotFoundError as error:
                if "NoSuchBucket" in str(error):
                    raise
                raise BlobMissing(job_id, name) from error

    def has(self, job_id: str, name: str) -> bool:
        with self._as_blobs_failed(f"cannot look for {name}"), suppress(FileNotFoundError):
            obstore.head(self._store, _path(job_id, name))
            return True
        return False

    def delete(self, job_id: str, name: str) -> None:
        self.delete_each([job_id], name)

    def delete_each(self, job_ids: Sequence[str], name: str) -> None:
        with self._as_blobs_failed(f"cannot delete {name}"):
            obstore.delete(self._store, [_path(job_id, name) for job_id in job_ids])

    def erase(self, job_id: str) -> None:
        self.erase_each([job_id])

    def erase_each(self, job_ids: Sequence[str]) -> None:
        with self._as_blobs_failed(f"cannot erase {len(job_ids):,} jobs"):
            found = self._pool.map(self._paths, job_ids)
            obstore.delete(self._store, list(chain.from_iterable(found)))

    def list_jobs(self, shard: str) -> list[str]:
        with self._as_blobs_failed("cannot list blobs"):
            folders = obstore.list_with_delimiter(self._store, shard)["common_prefixes"]
        return [folder.rpartition("/")[2] for folder in folders]

    def remove_partial_writes(self) -> int:
        """S3 stores an object whole or not at all."""
        return 0

    def check(self) -> None:
        with self._as_blobs_failed("cannot write"):
            obstore.put(self._store, ".check", b"1", use_multipart=False)

    def _paths(self, job_id: str) -> list[str]:
        return [each["path"] for each in obstore.list(self._store, _folder(job_id)).collect()]

    @contextmanager
    def _as_blobs_failed(self, what: str) -> Iterator[None]:
        """Every failure is a BlobsFailed, with the first line of what can be a page."""
        try:
            yield
        except (BaseError, OSError) as error:
            reason = str(error).partition("\n")[0].partition(": <?xml")[0]
            raise BlobsFailed(f"{what} ({self._name}): {reason}") from error


def _folder(job_id: str) -> str:
    return f"{job_id[:1]}/{job_id}"


def _path(job_id: str, name: str) -> str:
    return f"{_folder(job_id)}/{name}"
