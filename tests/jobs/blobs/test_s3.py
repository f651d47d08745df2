"""What can be wrong with a bucket."""

import pytest

from jobs.blobs.s3 import S3Blobs
from jobs.errors import BlobMissing, BlobsFailed
from tests.s3 import KEYS
from tests.service.conftest import free_port


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


def test_a_bucket_that_does_not_exist_is_a_clear_error(s3_address: str) -> None:
    blobs = S3Blobs("no-such-bucket", "", s3_address)
    with pytest.raises(
        BlobsFailed, match=r"cannot write \(s3://no-such-bucket\): .* 404"
    ) as caught:
        blobs.check()
    assert "\n" not in str(caught.value)
    with pytest.raises(BlobsFailed, match="cannot read x") as caught:
        blobs.get("abcd", "x")
    assert not isinstance(caught.value, BlobMissing)


def test_a_server_that_does_not_answer_is_a_clear_error() -> None:
    blobs = S3Blobs("leaves", "", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(BlobsFailed, match=r"cannot store 3 bytes \(s3://leaves\): .*HTTP error"):
        blobs.put_all("abcd", {"x": b"123"})
    for call in (blobs.erase, blobs.list_jobs):
        with pytest.raises(BlobsFailed):
            call("abcd")
