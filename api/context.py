"""What middleware finds out about a request, for the code behind it."""

from dataclasses import dataclass

from starlette.types import Scope

from jobs.errors import QuotaUsedUp
from jobs.records.job import LOCAL

_KEY = "cropshield.context"


@dataclass
class RequestContext:
    """`owner` is the id of the request's API key, or `LOCAL` on a server without keys.

    `refusal`: the quota is used up, but a photo that was accepted before may be sent again.
    `quota`: the key's jobs a day, 0 for any number; the script that records a job enforces it.
    `language`: `api.language.language_of` finds it out when it is first needed.
    """

    request_id: str | None = None
    owner: str = LOCAL
    refusal: QuotaUsedUp | None = None
    quota: int = 0
    language: str | None = None


def context_of(scope: Scope) -> RequestContext:
    """The context of the request with this scope, the same at every call."""
    context: RequestContext = scope.setdefault(_KEY, RequestContext())
    return context
