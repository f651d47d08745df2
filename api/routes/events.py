"""The changes of a job as server-sent events."""

from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.types import Receive, Scope, Send

from api.dependencies import InjectedServices, JobId, Owner, Services
from api.language import language_fields, translator_of
from api.problems.errors import TooManyStreams
from api.schemas.jobs import job_view
from jobs.redis.watch import version
from languages.translator import Translator

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
    request: Request,
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
    """A `job` event with the whole job at every change, its position in the queue included; the
    stream ends after the last one. Comments in between keep proxies from closing it."""
    job = await services.jobs.store.find(job_id, owner)
    if job.state.is_terminal and version(job) == last_event_id:
        return Response(status_code=204)  # tells a browser not to reconnect
    if not services.streams.take(owner):
        raise TooManyStreams(services.streams.of(owner), services.streams.most)
    translated = translator_of(request.scope)
    events = _events(services, job_id, last_event_id, translated)
    return _Stream(services, owner, events, language_fields(translated.language))


class _Stream(EventSourceResponse):
    """Gives its place back when it ends."""

    def __init__(
        self,
        services: Services,
        owner: str,
        events: AsyncIterator[bytes],
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(events, headers={**_UNBUFFERED, **headers})
        self._give_back = partial(services.streams.give_back, owner)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._give_back()


async def _events(
    services: Services, job_id: str, known_version: str, translated: Translator
) -> AsyncIterator[bytes]:
    heartbeat = services.settings.heartbeat_seconds
    async for job in services.watch.changes(job_id, known_version, heartbeat):
        if job is None:
            yield format_sse_event(comment="still here")
        else:
            data = job_view(job, services.jobs.catalog, translated).model_dump_json()
            yield format_sse_event(event="job", data_str=data, id=version(job))
