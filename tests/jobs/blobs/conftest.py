"""Each real store, empty, as a process opens it."""

from pathlib import Path

import pytest

from jobs.blobs import open_blobs
from jobs.job import new_id
from jobs.ports import BlobStore
from jobs.settings import SharedSettings
from tests.s3 import KEYS, make_bucket

STORES = ("disk", "redis", "s3")


@pytest.fixture(params=STORES)
def settings(
    request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch
) -> SharedSettings:
    url = request.getfixturevalue("redis_url")
    if request.param != "s3":
        return SharedSettings(home=home, redis_url=url, blobs=request.param)
    address, bucket = request.getfixturevalue("s3_address"), f"leaves-{new_id()}"
    make_bucket(address, bucket)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    return SharedSettings(redis_url=url, blobs=f"s3://{bucket}/a/b", s3_endpoint=address)


@pytest.fixture
def blobs(settings: SharedSettings) -> BlobStore:
    return open_blobs(settings)
