"""What happens to a job, as it happens."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Response
from fastapi.sse import EventSourceResponse, format_sse_event

from api.dependencies import InjectedServices, JobId, Owner, Services
from api.schemas.jobs import job_view
from jobs.redis.watch import version

router = APIRouter(prefix="/v1/jobs/{job_id}", tags=["jobs"])
_UNBUFFERED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # the latter is for nginx


@router.get(
    "/events",
    summary="Follow a job",
    response_class=Response,
    responses={
        200: {"content": {"text/event-stream": {}}},
        204: {"description": "The job has ended and `Last-Event-ID` knows it."},
    },
)
async def follow_job(
    job_id: JobId,
    services: InjectedServices,
    owner: Owner,
    last_event_id: Annotated[
        str,
        Header(
            alias="Last-Event-ID",
            description="The last `id` seen; what changed since is sent at once.",
        ),
    ] = "",
) -> Response:
    """A `job` event with the whole job at every change, its place in the queue included; the
    stream ends after the event of its end. A comment now and then keeps proxies from hanging up.
    """
    job = await services.jobs.store.find(job_id, owner)
    if job.state.is_terminal and version(job) == last_event_id:
        return Response(status_code=204)  # which tells a browser not to come back
    return EventSourceResponse(_events(services, job_id, last_event_id), headers=_UNBUFFERED)


async def _events(services: Services, job_id: str, seen: str) -> AsyncIterator[bytes]:
    async for job in services.watch.changes(job_id, seen, services.settings.heartbeat_seconds):
        if job is None:
            yield format_sse_event(comment="still here")
        else:
            data = job_view(job).model_dump_json()
            yield format_sse_event(event="job", data_str=data, id=version(job))
