"""Jobs: list, read, cancel and erase."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.types import Scope

from api.context import context_of
from api.dependencies import InjectedServices, JobId, Owner, PreferredWait
from api.disconnect import while_connected
from api.headers import find_header
from api.job_cache import JobCache
from api.language import language_fields, language_of, translator_of
from api.plain_route import PlainRoute
from api.responses import conditional_job_response, job_response
from api.schemas.jobs import JobView, job_view
from api.schemas.listing import JobListParams, JobPage
from jobs.records.job import State

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


@router.get("", summary="Your jobs")
async def list_jobs(
    request: Request,
    response: Response,
    services: InjectedServices,
    owner: Owner,
    params: Annotated[JobListParams, Query()],
) -> JobPage:
    """The newest first, a page at a time: a job whose id was lost is found here.

    A page may be shorter than `limit`, even empty, and yet have a next one.
    """
    page = await services.jobs.store.list_jobs(owner, params.query())
    translated = translator_of(request.scope)
    views = [job_view(job, services.jobs.catalog, translated) for job in page.jobs]
    cursor = None if page.cursor is None else repr(page.cursor)
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(language_fields(translated.language))
    if cursor:
        response.headers["Link"] = f'<{params.path(cursor)}>; rel="next"'
    return JobPage(jobs=views, next_cursor=cursor)


class PolledJobRoute(PlainRoute):
    """`get_job` for a request that does not wait, out of the job cache."""

    def __init__(self, cache: JobCache) -> None:
        super().__init__("/v1/jobs/{job_id}", get_job)
        self._cache = cache

    def takes(self, scope: Scope) -> bool:
        return find_header(scope, b"prefer") is None

    async def respond(self, request: Request) -> Response:
        job_id, owner = request.path_params["job_id"].lower(), context_of(request.scope).owner
        return await self._cache.respond(request, job_id, owner)


@router.get(
    "/{job_id}",
    summary="A job as it is now",
    response_model=JobView,
    responses={304: {"description": "It is as `If-None-Match` knows it."}},
)
async def get_job(
    request: Request, job_id: JobId, services: InjectedServices, owner: Owner, wait: PreferredWait
) -> Response:
    """With `Prefer: wait=N` the answer comes as soon as the job has ended, or after N seconds."""
    with services.granted_wait(owner, wait) as granted:
        waiting = services.watch.wait(job_id, granted or 0, owner)
        job = await (while_connected(request, waiting) if granted else waiting)
    return conditional_job_response(request, job, services.jobs.catalog, granted)


@router.delete(
    "/{job_id}",
    summary="Cancel or erase a job",
    response_model=JobView,
    responses={202: {"model": JobView, "description": "It runs, and its worker will see to it."}},
)
async def delete_job(
    request: Request, job_id: JobId, services: InjectedServices, owner: Owner
) -> Response:
    """A queued job is canceled at once; a running one (202) when its worker next checks.

    Of a job that has ended, photo, maps and overlays are erased. Safe to repeat.
    """
    job = await services.jobs.discard(job_id, owner)
    status = 202 if job.state is State.RUNNING else 200
    return job_response(job, services.jobs.catalog, status, language_of(request.scope))
