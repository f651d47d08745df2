"""Whose key it is, remembered for a moment so that Redis is not asked at every request."""

import time
from collections.abc import Callable

from jobs.errors import WrongKey
from jobs.keys import ApiKey, KeyStore, id_of

REMEMBERED_SECONDS = 2.0  # so long may a revoked key still open
_MOST = 10_000


class Keyring:
    """Checks keys of requests; `clock` in seconds."""

    def __init__(self, store: KeyStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._seen: dict[str, tuple[ApiKey | None, float]] = {}

    async def check(self, secret: str) -> ApiKey:
        """Raises WrongKey, StoreDown."""
        key_id = id_of(secret)
        key = await self._find(key_id) if key_id else None
        if key is None or not key.fits(secret):
            raise WrongKey("there is no such key" if secret else "the request has no key")
        return key

    async def _find(self, key_id: str) -> ApiKey | None:
        key, until = self._seen.get(key_id, (None, 0.0))
        if self._clock() < until:
            return key
        key = await self._store.find(key_id)
        if len(self._seen) >= _MOST:
            self._seen.clear()
        self._seen[key_id] = (key, self._clock() + REMEMBERED_SECONDS)
        return key
