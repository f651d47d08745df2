"""The contract of key stores, and keys themselves."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from redis import Redis

from jobs.auth.api_keys import (
    ApiKey,
    ApiKeyStore,
    RedisApiKeyStore,
    hash_secret,
    issue_key,
    key_id_of,
)
from jobs.redis.connections import connect_async
from tests.jobs.fakes import MemoryApiKeyStore

Check = Callable[[ApiKeyStore], Coroutine[Any, Any, None]]
Try = Callable[[Check], None]


@pytest.fixture(params=["memory", "redis"])
def against(request: pytest.FixtureRequest) -> Try:
    """Runs a check against each store, which is empty."""

    async def run(check: Check) -> None:
        if request.param == "memory":
            await check(MemoryApiKeyStore())
            return
        redis = connect_async(request.getfixturevalue("redis_url"))
        try:
            await check(RedisApiKeyStore(redis))
        finally:
            await redis.aclose()

    return lambda check: asyncio.run(run(check))


def test_a_key_is_found_as_it_was_added(against: Try) -> None:
    async def check(keys: ApiKeyStore) -> None:
        _, key = issue_key("Ada", rate=60, quota=1000, days=3)
        await keys.add(key)
        assert await keys.find(key.id) == key
        assert await keys.find("cs_00000000") is None

    against(check)


def test_keys_are_listed_oldest_first(against: Try) -> None:
    async def check(keys: ApiKeyStore) -> None:
        assert await keys.all() == []
        made = [issue_key(name)[1] for name in ("Ada", "Bob", "Cy")]
        for key in made:
            await keys.add(key)
        assert await keys.all() == made

    against(check)


def test_a_revoked_key_is_gone(against: Try) -> None:
    async def check(keys: ApiKeyStore) -> None:
        _, key = issue_key("Ada")
        await keys.add(key)
        assert await keys.revoke(key.id) is True
        assert await keys.revoke(key.id) is False
        assert await keys.find(key.id) is None
        assert await keys.all() == []

    against(check)


def test_an_expired_key_is_gone(against: Try) -> None:
    async def check(keys: ApiKeyStore) -> None:
        _, key = issue_key("Ada", days=1)
        over = key.model_copy(update={"expires_at": datetime.now(UTC) - timedelta(seconds=1)})
        await keys.add(over)
        assert await keys.find(key.id) is None
        assert await keys.all() == []

    against(check)


def test_what_is_stored_does_not_open_anything(redis_url: str) -> None:
    secret, key = issue_key("Ada")

    async def add() -> None:
        redis = connect_async(redis_url)
        await RedisApiKeyStore(redis).add(key)
        await redis.aclose()

    asyncio.run(add())
    with Redis.from_url(redis_url, decode_responses=True) as client:
        names: Any = client.keys("*")
        stored = str([client.dump(name) for name in names]) + str(names)
    assert secret.removeprefix(key.id) not in stored
    assert key.sha256 == hash_secret(secret)
    assert key.matches(secret)
    assert not key.matches(secret[:-1] + ("0" if secret[-1] != "0" else "1"))


def test_keys_are_never_alike_and_begin_with_their_id() -> None:
    made = [issue_key("Ada") for _ in range(100)]
    assert len({secret for secret, _ in made}) == 100
    for secret, key in made:
        assert key_id_of(secret) == key.id
        assert secret.startswith(key.id + "_")


@pytest.mark.parametrize("wrong", ["", "cs_", "cs_0000000g_" + "0" * 40, "x" * 100_000, "ключ"])
def test_what_is_no_key_has_no_id(wrong: str) -> None:
    assert key_id_of(wrong) is None


def test_a_limit_is_at_least_one() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        ApiKey(id="a", name="b", sha256="c", created_at=datetime.now(UTC), rate=0)
