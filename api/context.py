"""What middleware finds out about a request, for everybody who comes after it."""

from dataclasses import dataclass

from starlette.types import Scope

from jobs.auth.rate_limits import Allowance
from jobs.errors import QuotaUsedUp
from jobs.records.job import LOCAL

_KEY = "cropshield.context"


@dataclass
class RequestContext:
    """`owner` is the id of the request's API key, or `LOCAL` on a server without keys.

    `refusal`: the quota is used up, and what was accepted before may nevertheless be sent again.
    `quota` and `left`: jobs a day of the key, and what it has left; None for a key without limits.
    """

    request_id: str | None = None
    owner: str = LOCAL
    refusal: QuotaUsedUp | None = None
    quota: int | None = None
    left: Allowance | None = None

    def check_quota(self, jobs: int) -> None:
        """Raises QuotaUsedUp when fewer than `jobs` are left of this day."""
        if self.quota and self.left and self.left.jobs < jobs:
            raise QuotaUsedUp(self.quota, self.left.day_seconds)


def context_of(scope: Scope) -> RequestContext:
    """The one context of the request with this scope."""
    context: RequestContext = scope.setdefault(_KEY, RequestContext())
    return context
