"""Stores in memory, under the same contract suites as the real ones."""

from datetime import UTC, datetime

from jobs.auth.api_keys import ApiKey


class MemoryApiKeyStore:
    """A `jobs.auth.api_keys.ApiKeyStore` that counts how often it is asked for a key."""

    def __init__(self) -> None:
        self._keys: dict[str, ApiKey] = {}
        self.asked = 0

    async def add(self, key: ApiKey) -> None:
        self._keys[key.id] = key

    async def find(self, key_id: str) -> ApiKey | None:
        self.asked += 1
        return next((key for key in await self.all() if key.id == key_id), None)

    async def all(self) -> list[ApiKey]:
        now = datetime.now(UTC)
        return [key for key in self._keys.values() if not key.expires_at or key.expires_at > now]

    async def revoke(self, key_id: str) -> bool:
        return self._keys.pop(key_id, None) is not None
