"""Authentication of all requests under `/v1`: key, rate and quota, before a body is read."""

import math
import time
from collections.abc import Callable
from functools import partial

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.context import context_of
from api.middleware.key_watch import KeyWatch
from api.problems.errors import WrongKey
from api.problems.exception_handlers import error_response
from jobs.auth.api_keys import ApiKey, ApiKeyStore, key_id_of
from jobs.auth.rate_limits import DAY, MINUTE, Allowance, RateLimiter
from jobs.errors import CropShieldError, QuotaUsedUp, RateExceeded, TooSoon

REMEMBERED_SECONDS = 2.0  # for how long a revoked key may still work
_MOST = 10_000


class ApiKeyCache:
    """Checks keys of requests; `clock` in seconds."""

    def __init__(self, store: ApiKeyStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._cached: dict[str, tuple[ApiKey | None, float]] = {}

    async def check(self, secret: str) -> ApiKey:
        """Raises WrongKey for a key that is unknown, revoked or expired, StoreDown while Redis does
        not answer."""
        key_id = key_id_of(secret)
        key = await self._find(key_id) if key_id else None
        if key is None or not key.matches(secret):
            raise WrongKey("there is no such key" if secret else "the request has no key")
        return key

    async def _find(self, key_id: str) -> ApiKey | None:
        key, until = self._cached.get(key_id, (None, 0.0))
        if self._clock() < until:
            return key
        key = await self._store.find(key_id)
        if len(self._cached) >= _MOST:
            self._cached.clear()
        self._cached[key_id] = (key, self._clock() + REMEMBERED_SECONDS)
        return key


_GUARDED, _METRICS = "/v1/", "/metrics"
_MAKERS = {"/v1/jobs", "/v1/batches"}


class AuthenticationMiddleware:
    """ASGI middleware. It notes the owner of a request, and what is left of its quota."""

    def __init__(self, app: ASGIApp, keys: ApiKeyCache, limits: RateLimiter) -> None:
        self._app, self._keys, self._limits = app, keys, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_guarded(scope):
            await self._app(scope, receive, send)
            return
        limit_fields = dict[str, str]()

        async def send_with_limits(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(limit_fields)
            await send(message)

        secret = key_of(Headers(scope=scope))
        try:
            key = await self._keys.check(secret)
            if key.rate or key.quota:
                left, refusal = await self._limits.admit(key, makes_job=_makes_job(scope))
                limit_fields |= limit_headers(key, left, refusal)
                _note_quota(scope, key, refusal)
            context_of(scope).owner = key.id
            watch = KeyWatch(partial(self._keys.check, secret), REMEMBERED_SECONDS)
            await watch.run(self._app, scope, receive, send_with_limits if limit_fields else send)
        except CropShieldError as error:
            await error_response(Request(scope), error)(scope, receive, send_with_limits)


def key_of(headers: Headers) -> str:
    """The key of `X-API-Key`, or of `Authorization: Bearer`; empty when there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return headers.get("x-api-key") or (token.strip() if scheme.lower() == "bearer" else "")


def limit_headers(key: ApiKey, left: Allowance, refusal: TooSoon | None) -> dict[str, str]:
    """`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11)."""
    policies, now = [], []
    if key.rate:
        policies.append(f'"requests";q={key.rate};w={MINUTE}')
        now.append(f'"requests";r={left.requests};t={_until_more(key.rate, left, refusal)}')
    if key.quota:
        policies.append(f'"jobs";q={key.quota};w={DAY}')
        now.append(f'"jobs";r={left.jobs};t={left.day_seconds}')
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(now)}


def _until_more(rate: int, left: Allowance, refusal: TooSoon | None) -> int:
    """Seconds until all requests are available again; with none left, until the next one is, which
    is when `Retry-After` ends."""
    if isinstance(refusal, RateExceeded):
        return math.ceil(refusal.retry_after)
    missing = rate - left.requests if left.requests else 1
    return math.ceil(missing * MINUTE / rate)


def _is_guarded(scope: Scope) -> bool:
    """Whether the request needs a key. OPTIONS does not: browsers send it without one, to learn
    what they may request."""
    path: str = scope["path"]
    return scope["method"] != "OPTIONS" and (path.startswith(_GUARDED) or path == _METRICS)


def _note_quota(scope: Scope, key: ApiKey, refusal: TooSoon | None) -> None:
    """For the route: the quota, and that it is used up. Raises the refusal where the route could
    not find the photo accepted before."""
    if refusal and not _may_be_known(scope, refusal):
        raise refusal
    context = context_of(scope)
    context.refusal = refusal if isinstance(refusal, QuotaUsedUp) else None
    context.quota = key.quota or 0


def _may_be_known(scope: Scope, refusal: TooSoon) -> bool:
    """Whether the photo may have been accepted before, which costs no quota. The route finds
    out."""
    if not isinstance(refusal, QuotaUsedUp):
        return False
    return scope["method"] == "PUT" or "idempotency-key" in Headers(scope=scope)


def _makes_job(scope: Scope) -> bool:
    path, method = scope["path"].rstrip("/"), scope["method"]
    return method == "PUT" or (method == "POST" and path in _MAKERS)
