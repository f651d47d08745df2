"""When to try again, and when to give up."""

import random
from dataclasses import dataclass

from cropshield_client.errors import ProblemError

_BEING_RECEIVED = "being-received"
_RETRYABLE_STATUSES = {408, 429, 502, 503, 504}


@dataclass(frozen=True)
class RetryPolicy:
    """Exponential backoff with full jitter. All in seconds: delays grow from `initial` to
    `maximum`; `deadline` is for a whole call, all its attempts together."""

    deadline: float = 120.0
    initial: float = 0.5
    maximum: float = 20.0

    def delay(self, attempt: int, at_least: float | None = None) -> float:
        """Seconds before attempt number `attempt` (1 is the first retry). `at_least`: what the
        server asked for in `Retry-After`."""
        backoff = random.uniform(0, min(self.maximum, self.initial * 2 ** (attempt - 1)))
        return max(backoff, at_least or 0.0)


def is_retryable(error: ProblemError) -> bool:
    """408, 429, 502, 503, 504, other 5xx that say so; 409 while the same request is received."""
    if error.status == 409:
        return error.slug == _BEING_RECEIVED
    if error.status in _RETRYABLE_STATUSES:
        return error.retryable
    return error.status >= 500 and error.retryable
