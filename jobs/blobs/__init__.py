"""Blob stores, one a file: a folder, Redis, or a bucket; and the sweeper, which erases. Nothing
here knows what is in a blob."""

from jobs.blobs.disk import DiskBlobs
from jobs.blobs.redis import RedisBlobs
from jobs.errors import BlobsFailed
from jobs.ports import BlobStore
from jobs.redis.connections import connect
from jobs.settings import SharedSettings

_S3 = "s3://"


def open_blobs(settings: SharedSettings) -> BlobStore:
    """The store that `settings.blobs` names; nothing is read or written yet.

    Raises BlobsFailed for a bucket when the library for it is not installed.
    """
    if settings.blobs == "disk":
        return DiskBlobs(settings.blob_folder)
    if settings.blobs == "redis":
        return RedisBlobs(connect(settings.redis_url, decode=False), settings.redis_replicas)
    try:
        from jobs.blobs.s3 import S3Blobs
    except ImportError as error:
        raise BlobsFailed(
            f"CROPSHIELD_BLOBS={settings.blobs} needs the package {error.name}: "
            "pip install 'cropshield[s3]'"
        ) from error
    bucket, _, prefix = settings.blobs.removeprefix(_S3).partition("/")
    return S3Blobs(bucket, prefix, settings.s3_endpoint)
