"""What stores nothing, and what a job stores."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from jobs.blobs import blob_names
from jobs.blobs.disk import DiskBlobs
from jobs.ports import BlobStore

MAPS_BYTES, OVERLAY_BYTES = 1_152, 60_000  # of 16 x 16 cells; of 1024 x 576 pixels


class NullBlobs:
    """A BlobStore that takes everything, keeps nothing and has an empty file of every name."""

    def put(self, job_id: str, name: str, data: bytes) -> None: ...
    def put_all(self, job_id: str, blobs: Mapping[str, bytes]) -> None: ...
    def get(self, job_id: str, name: str) -> bytes:  # noqa: ARG002 -- as the others
        return b""

    def has(self, job_id: str, name: str) -> bool:  # noqa: ARG002 -- as the others
        return True

    def delete(self, job_id: str, name: str) -> None: ...
    def delete_each(self, job_ids: Sequence[str], name: str) -> None: ...
    def erase(self, job_id: str) -> None: ...
    def erase_each(self, job_ids: Sequence[str]) -> None: ...
    def list_jobs(self, shard: str) -> list[str]:  # noqa: ARG002 -- as the others
        return []

    def remove_partial_writes(self) -> int:
        return 0

    def check(self) -> None: ...


def open_store(folder: str) -> BlobStore:
    """On disk in this folder; without a folder one that stores nothing."""
    return DiskBlobs(Path(folder)) if folder else NullBlobs()


def pictures(photo: bytes, attempt: int) -> dict[str, bytes]:
    """As large as what a worker stores of a job: the upright photo, the maps, the overlay."""
    return {
        blob_names.PHOTO: photo,
        blob_names.maps_name(attempt): bytes(MAPS_BYTES),
        blob_names.overlay_name(attempt, 0, "jpeg"): bytes(OVERLAY_BYTES),
    }
