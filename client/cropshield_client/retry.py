"""When to try again, and when to give up."""

import random
from dataclasses import dataclass

from cropshield_client.errors import ProblemError

_IN_PROGRESS = "being-received"
_GATEWAY = {408, 429, 502, 503, 504}


@dataclass(frozen=True)
class Patience:
    """Waits grow from `first` to `longest` seconds, with full jitter; `total` for a whole call."""

    total: float = 120.0
    first: float = 0.5
    longest: float = 20.0

    def delay(self, attempt: int, asked: float | None = None) -> float:
        """Seconds before attempt number `attempt` (1 is the first retry); never sooner than the
        server asked for."""
        backoff = random.uniform(0, min(self.longest, self.first * 2 ** (attempt - 1)))
        return max(backoff, asked or 0.0)


def is_worth_retrying(error: ProblemError) -> bool:
    """408, 429, 502, 503, 504, other 5xx that say so; 409 while the same request is under way."""
    if error.status == 409:
        return error.slug == _IN_PROGRESS
    if error.status in _GATEWAY:
        return error.retryable
    return error.status >= 500 and error.retryable
