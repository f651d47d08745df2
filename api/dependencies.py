"""What routes are given. The composition root puts `Services` on the application's state."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request

from api.metrics import Metrics
from api.preferences import wait_seconds
from api.settings import ApiSettings
from jobs.service import JobService
from jobs.watch import JobWatch


@dataclass(frozen=True)
class Services:
    """The objects of one API process."""

    settings: ApiSettings
    jobs: JobService
    watch: JobWatch
    metrics: Metrics


def services(request: Request) -> Services:
    found: Services = request.app.state.services
    return found


Injected = Annotated[Services, Depends(services)]


def preferred_wait(
    parts: Injected,
    prefer: Annotated[
        str | None, Header(description="`wait=N`: answer when the job has ended, or after N s.")
    ] = None,
) -> float | None:
    return wait_seconds(prefer, parts.settings.max_wait_seconds)


PreferredWait = Annotated[float | None, Depends(preferred_wait)]
