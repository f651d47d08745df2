"""Keys are remembered for a moment, and no longer."""

import asyncio

import pytest

from api.middleware.authentication import REMEMBERED_SECONDS, ApiKeyCache
from api.problems.errors import WrongKey
from jobs.auth.api_keys import issue_key
from tests.jobs.fakes import MemoryApiKeyStore


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_store_is_asked_once_in_a_while_and_a_revoked_key_closes_then() -> None:
    async def run() -> None:
        store, clock = MemoryApiKeyStore(), Clock()
        cache = ApiKeyCache(store, clock)
        secret, key = issue_key("Ada")
        await store.add(key)
        for _ in range(100):
            assert await cache.check(secret) == key
        assert store.asked == 1
        await store.revoke(key.id)
        clock.now += REMEMBERED_SECONDS
        with pytest.raises(WrongKey, match="no such key"):
            await cache.check(secret)

    asyncio.run(run())


def test_a_wrong_key_with_a_known_beginning_stays_out() -> None:
    async def run() -> None:
        store = MemoryApiKeyStore()
        cache, (secret, key) = ApiKeyCache(store), issue_key("Ada")
        await store.add(key)
        await cache.check(secret)
        with pytest.raises(WrongKey):
            await cache.check(f"{key.id}_{'0' * 40}")

    asyncio.run(run())


def test_what_does_not_look_like_a_key_costs_no_look_up() -> None:
    async def run() -> None:
        store = MemoryApiKeyStore()
        for wrong in ("", "cs_x", "a" * 51):
            with pytest.raises(WrongKey):
                await ApiKeyCache(store).check(wrong)
        assert store.asked == 0

    asyncio.run(run())
