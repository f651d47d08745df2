"""Webhooks in Redis: the outbox, the log of deliveries, and the secrets that sign them.

The script that ends a job puts it into the outbox, so that no delivery is lost whatever dies.
"""

import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Any

from redis.asyncio import Redis

from jobs.errors import BadCallback, NoSuchSecret, TooManySecrets
from jobs.records.job import utc_from_ms
from jobs.redis import keyspace
from jobs.redis.connections import raises_store_down
from jobs.redis.scripts import load_script
from jobs.webhooks.url_policy import WebhookTargets, refusal_reason

DELIVERY_LEASE_SECONDS = 30  # then another process may take over the delivery
_MAX_SECRETS = 2
_SECRET_BYTES = 32


@dataclass(frozen=True)
class DueDelivery:
    """A delivery under a lease; `attempt` counts from 1 and is the fencing token."""

    job_id: str
    attempt: int
    owner: str


@dataclass(frozen=True)
class Delivery:
    """One attempt: the receiver's HTTP status, or the reason why there is none.

    `at` and `next_at` are UTC; the latter is None after the last attempt.
    """

    attempt: int
    milliseconds: float
    status: int | None = None
    problem: str | None = None
    at: datetime | None = None
    next_at: datetime | None = None

    @property
    def is_received(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class WebhookOutbox:
    """Every call raises StoreDown."""

    def __init__(self, redis: "Redis", targets: WebhookTargets = "public") -> None:
        self._redis, self._targets = redis, targets
        names = ("claim_webhooks", "settle_webhook")
        self._claim, self._settle = (redis.register_script(load_script(name)) for name in names)

    async def check(self, url: str | None, owner: str) -> None:
        """Raises BadCallback for a URL that would never be called. None is fine."""
        if url is None:
            return
        if reason := refusal_reason(url, self._targets):
            raise BadCallback(url, reason)
        if not await self.secrets(owner):
            reason = "there is no secret to sign with; `cropshield webhooks add` makes one"
            raise BadCallback(url, reason)

    @raises_store_down
    async def claim(
        self, most: int, share: int = 8, under_way: Mapping[str, int] | None = None
    ) -> list[DueDelivery]:
        """At most `most` deliveries that are due, for DELIVERY_LEASE_SECONDS; owners take turns.

        under_way: how many of each owner are being delivered already; none gets more than `share`.
        """
        held: Iterator[str | int] = chain.from_iterable((under_way or {}).items())
        args = [keyspace.PREFIX, most, DELIVERY_LEASE_SECONDS * 1000, share, *held]
        found = await self._claim(args=args)
        return [DueDelivery(job_id, int(attempt), owner) for job_id, attempt, owner in found]

    @raises_store_down
    async def settle(self, due: DueDelivery, delivery: Delivery, delay: float | None) -> bool:
        """Log an attempt, and schedule the next one after `delay` seconds; none for None.

        False when the lease was lost; then nothing is logged.
        """
        entry = json.dumps({k: v for k, v in asdict(delivery).items() if v is not None})
        wait = "" if delay is None else int(delay * 1000)
        return bool(
            await self._settle(args=[keyspace.PREFIX, due.job_id, due.attempt, wait, entry])
        )

    @raises_store_down
    async def deliveries(self, job_id: str) -> list[Delivery]:
        """The oldest first."""
        entries: list[Any] = await self._redis.lrange(keyspace.DELIVERIES + job_id, 0, -1)
        return [_read(entry) for entry in entries]

    @raises_store_down
    async def secrets(self, owner: str) -> list[str]:
        """The secrets that sign, the oldest first."""
        stored: dict[Any, Any] = await self._redis.hgetall(keyspace.WEBHOOK_SECRETS + owner)
        return [stored[made] for made in sorted(stored, key=int)]

    @raises_store_down
    async def add_secret(self, owner: str) -> str:
        """A new secret, beside the one that there is. Raises TooManySecrets when as many sign as
        may."""
        if await self._redis.hlen(keyspace.WEBHOOK_SECRETS + owner) >= _MAX_SECRETS:
            raise TooManySecrets(_MAX_SECRETS)
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
        seconds, micro = await self._redis.time()
        made_at = str(seconds * 10**6 + micro)
        await self._redis.hset(keyspace.WEBHOOK_SECRETS + owner, made_at, secret)
        return secret

    @raises_store_down
    async def revoke_secret(self, owner: str, beginning: str) -> None:
        """No longer sign with the secret that begins like this. Raises NoSuchSecret when none, or
        more than one, begins like this."""
        stored: dict[Any, Any] = await self._redis.hgetall(keyspace.WEBHOOK_SECRETS + owner)
        meant = [made for made, secret in stored.items() if secret.startswith(beginning)]
        if len(meant) != 1:
            raise NoSuchSecret(beginning, len(meant))
        await self._redis.hdel(keyspace.WEBHOOK_SECRETS + owner, *meant)


def _read(entry: str) -> Delivery:
    at, following, entry = entry.split(" ", 2)
    next_at = utc_from_ms(float(following)) if following != "-" else None
    return replace(Delivery(**json.loads(entry)), at=utc_from_ms(float(at)), next_at=next_at)
