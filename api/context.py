"""What middleware finds out about a request, for everybody who comes after it."""

from dataclasses import dataclass

from starlette.types import Scope

from jobs.errors import QuotaUsedUp
from jobs.records.job import LOCAL

_KEY = "cropshield.context"


@dataclass
class RequestContext:
    """`owner` is the id of the request's API key, or `LOCAL` on a server without keys.

    `refusal`: the quota is used up, and what was accepted before may nevertheless be sent again.
    `quota`: jobs a day of the key, 0 for any number; the script that records a job keeps it.
    """

    request_id: str | None = None
    owner: str = LOCAL
    refusal: QuotaUsedUp | None = None
    quota: int = 0


def context_of(scope: Scope) -> RequestContext:
    """The one context of the request with this scope."""
    context: RequestContext = scope.setdefault(_KEY, RequestContext())
    return context
