"""Passwords in addresses are shown to nobody."""

import pytest

from jobs.errors import BlobsFailed, StoreDown
from jobs.masking import masked

SECRET = "s3cret"
ADDRESSES = {
    f"redis://:{SECRET}@host:6379/0": "redis://:***@host:6379/0",
    f"rediss://me:{SECRET}@host": "rediss://me:***@host",
    f"redis://me:a/{SECRET}@host/0": "redis://me:***@host/0",
    f"redis://me:a@{SECRET}@host/0": "redis://me:***@host/0",
    f"redis://me:a#?{SECRET}@host/0": "redis://me:***@host/0",
    f"unix://:{SECRET}@/run/redis.sock?db=1": "unix://:***@/run/redis.sock?db=1",
    f"redis://host:6379/0?password={SECRET}&db=1": "redis://host:6379/0?password=***&db=1",
    f"redis+sentinel://host/name?sentinel_password={SECRET}": (
        "redis+sentinel://host/name?sentinel_password=***"
    ),
    f"amqp://guest:{SECRET}@[::1]:5672//": "amqp://guest:***@[::1]:5672//",
    f"http://minio:{SECRET}@10.0.0.5:9000": "http://minio:***@10.0.0.5:9000",
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_password_of_an_address_is_masked_wherever_it_stands(address: str) -> None:
    shown = ADDRESSES[address]
    for text in ("{}", "Redis at {} does not answer: refused", '{{"url": "{}", "mail": "a@b"}}'):
        assert masked(text.format(address)) == text.format(shown)
    assert str(StoreDown(ConnectionError(address))).endswith(shown)
    assert str(BlobsFailed(f"no server at {address}")) == f"no server at {shown}"


@pytest.mark.parametrize(
    "text",
    [
        "redis://127.0.0.1:6379/0",
        "unix:///home/me@work/redis.sock",
        "http://127.0.0.1:8000/jobs?mail=me@work",
        "batch: 12 photos @ 3 per second",
        "redis://me@host",
    ],
)
def test_a_text_without_a_password_stays_as_it_is(text: str) -> None:
    assert masked(text) == text
