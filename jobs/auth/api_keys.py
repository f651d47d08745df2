"""API keys with their rate and quota. A key's id owns its jobs."""

import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field
from redis.asyncio import Redis

from jobs.redis.connections import raises_store_down
from jobs.redis.keyspace import API_KEY, API_KEYS

_FORM = re.compile(r"(cs_[0-9a-f]{8})_[0-9a-f]{40}")


class ApiKey(BaseModel):
    """What is stored of a key, never the key itself. `id` is its beginning, which may be shown.

    `rate` is requests a minute and `quota` jobs a day by UTC; None is no limit.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: Annotated[str, Field(min_length=1, max_length=64)]
    sha256: str
    created_at: datetime
    expires_at: datetime | None = None
    rate: Annotated[int | None, Field(ge=1)] = None
    quota: Annotated[int | None, Field(ge=1)] = None

    def matches(self, secret: str) -> bool:
        """Whether `secret` is the whole key, in constant time."""
        return hmac.compare_digest(self.sha256, hash_secret(secret))


class ApiKeyStore(Protocol):
    """Where keys are kept. Every call raises StoreDown."""

    async def add(self, key: ApiKey) -> None:
        """Keep it until it is revoked or expires."""

    async def find(self, key_id: str) -> ApiKey | None:
        """None when it was never there, was revoked or has expired."""

    async def all(self) -> list[ApiKey]:
        """The oldest first."""

    async def revoke(self, key_id: str) -> bool:
        """Whether it was there."""


class RedisApiKeyStore:
    """An ApiKeyStore with one Redis string for each key, which Redis drops when the key expires."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis

    @raises_store_down
    async def add(self, key: ApiKey) -> None:
        await self._redis.set(API_KEY + key.id, key.model_dump_json(), exat=key.expires_at)
        await self._redis.zadd(API_KEYS, {key.id: key.created_at.timestamp()})

    @raises_store_down
    async def find(self, key_id: str) -> ApiKey | None:
        stored = await self._redis.get(API_KEY + key_id)
        return ApiKey.model_validate_json(stored) if stored else None

    @raises_store_down
    async def all(self) -> list[ApiKey]:
        ids: list[Any] = await self._redis.zrange(API_KEYS, 0, -1)
        found = await self._redis.mget([API_KEY + key_id for key_id in ids]) if ids else []
        return [ApiKey.model_validate_json(stored) for stored in found if stored]

    @raises_store_down
    async def revoke(self, key_id: str) -> bool:
        await self._redis.zrem(API_KEYS, key_id)
        return bool(await self._redis.delete(API_KEY + key_id))


def issue_key(
    name: str, *, rate: int | None = None, quota: int | None = None, days: int | None = None
) -> tuple[str, ApiKey]:
    """A new key, and what to store of it. It expires after `days`; for None, never.

    Raises ValidationError for a name or limit out of range.
    """
    key_id, now = f"cs_{secrets.token_hex(4)}", datetime.now(UTC)
    secret = f"{key_id}_{secrets.token_hex(20)}"
    end = None if days is None else now + timedelta(days=days)
    key = ApiKey(
        id=key_id,
        name=name,
        sha256=hash_secret(secret),
        created_at=now,
        expires_at=end,
        rate=rate,
        quota=quota,
    )
    return secret, key


def hash_secret(secret: str) -> str:
    """SHA-256 in hex. A key has 160 random bits, so that a slow hash is not needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def key_id_of(secret: str) -> str | None:
    """The id that a key begins with; None for what does not look like a key."""
    found = _FORM.fullmatch(secret)
    return found[1] if found else None
