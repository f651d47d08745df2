"""The dependencies of the routes. `create_app` puts `Services` on the application's state."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Path, Request
from pydantic import BeforeValidator

from api.context import context_of
from api.metrics import Metrics
from api.rendering.cache import RenderCache
from api.settings import ApiSettings
from api.shares import Shares
from api.uploads.memory import MemoryBudget
from jobs.batches import BatchService
from jobs.errors import JobNotFound
from jobs.records.job import LOCAL
from jobs.redis.feedback import FeedbackStore
from jobs.redis.watch import JobWatch
from jobs.service import JobService
from jobs.webhooks.outbox import WebhookOutbox

_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


def wait_seconds(prefer: str | None, longest: float) -> float | None:
    """Seconds of `Prefer: wait=N`, at most `longest`; None without it."""
    found = _WAIT.search(prefer or "")
    return min(float(found[1]), longest) if found else None


@dataclass(frozen=True)
class Services:
    """The objects of one API process."""

    settings: ApiSettings
    jobs: JobService
    watch: JobWatch
    metrics: Metrics
    feedback: FeedbackStore
    render_cache: RenderCache
    memory: MemoryBudget
    streams: Shares
    batches: BatchService
    webhooks: WebhookOutbox

    @contextmanager
    def granted_wait(self, owner: str, wait: float | None) -> Iterator[float | None]:
        """How long a request may wait; None, not at all, when as many wait already as may."""
        if wait is None or not self.streams.take(owner):
            yield None
            return
        try:
            yield wait
        finally:
            self.streams.give_back(owner)


# All of these are coroutines, though some wait for nothing: FastAPI gives others a thread each.
async def get_services(request: Request) -> Services:
    found: Services = request.app.state.services
    return found


InjectedServices = Annotated[Services, Depends(get_services)]
# UUIDs are written in lower case here; a client may have made its own in upper case.
JobId = Annotated[str, BeforeValidator(str.lower), Path(description="The job's id.")]
_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def _checked_uuid(given: str) -> str:
    """Raises ValueError."""
    if not re.fullmatch(_UUID, given.lower()):
        raise ValueError("a UUID is needed, such as 9b2e0f0c-6f5e-4a53-8f0e-2d8c7b1a4e3d")
    return given.lower()


NewId = Annotated[
    str,
    BeforeValidator(_checked_uuid),
    Path(
        json_schema_extra={"pattern": f"^{_UUID}$"},
        description="A random UUID that you made (version 4).",
    ),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="Any text of your own: the same request sent again is one job, or one batch.",
    ),
]


async def get_owner(request: Request) -> str:
    """The owner of the request: the id of its API key, or `LOCAL` on a server without keys."""
    return context_of(request.scope).owner


Owner = Annotated[str, Depends(get_owner)]


async def require_ownership(request: Request, services: InjectedServices, owner: Owner) -> None:
    """Runs before every route: another owner's job is not found. Raises JobNotFound for another
    owner's job, StoreDown while Redis does not answer.

    An id that a PUT makes up is checked by the script that records the job.
    """
    job_id = request.path_params.get("job_id", "").lower()
    if owner == LOCAL or not job_id or request.method == "PUT":
        return
    if await services.jobs.store.owner_of(job_id) not in (owner, None):
        raise JobNotFound(job_id)


Prefer = Annotated[
    str | None, Header(description="`wait=N`: answer when the job has ended, or after N s.")
]


async def preferred_wait(services: InjectedServices, prefer: Prefer = None) -> float | None:
    return wait_seconds(prefer, services.settings.max_wait_seconds)


PreferredWait = Annotated[float | None, Depends(preferred_wait)]
