"""Submit a photo, under an id of the server's or of the client's."""

from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.types import Scope

from api.context import context_of
from api.dependencies import (
    IdempotencyKey,
    NewId,
    Prefer,
    Services,
    get_services,
    wait_seconds,
)
from api.disconnect import while_connected
from api.headers import asks_for_picture, find_header
from api.language import language_of
from api.plain_route import PlainRoute
from api.rendering.params import OverlayParams
from api.responses import job_response
from api.routes.pictures import PICTURE_TYPES, get_overlay, overlay_type
from api.schemas.jobs import JobView
from api.uploads.body_schema import BINARY, submit_schema
from api.uploads.read import FIELD, RAW_TYPES, read_options, read_upload
from jobs.errors import StoreDown
from jobs.records.job import Job
from jobs.records.submissions import Submission, Submitted

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
_BODY = submit_schema(FIELD, BINARY, RAW_TYPES)
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "model": JobView,
        "content": {"application/json": {}, **{kind: {"schema": BINARY} for kind in PICTURE_TYPES}},
        "description": "The job has already ended. With `Accept: image/jpeg`, or the type that "
        "`overlay_format` asks for, it is the overlay, if there is one.",
    }
}


class SubmitHandler:
    """Submits the photo of a POST or a PUT."""

    def __init__(self, request: Request, services: Services, wait: float | None) -> None:
        self._request, self._services, self._wait = request, services, wait
        self._context = context_of(request.scope)

    async def submit(self, job_id: str | None = None, key: str | None = None) -> Response:
        """The job of the photo in the request. Raises what `JobService.submit` raises."""
        services, reuse = self._services, "no-cache" not in self._header("cache-control").lower()
        context = self._context
        submission = Submission(
            context.owner,
            job_id,
            key,
            reuse=reuse,
            request_id=context.request_id,
            quota=context.quota,
        )
        await services.jobs.store.check_admission(context.owner)
        async with services.jobs.receiving(submission):
            await self._check_quota(submission)
            made = await self._read_and_submit(submission)
        with services.granted_wait(context.owner, self._wait) as wait:
            job = await self._wait_for_end(made.job, wait)
        headers = {"Location": f"/v1/jobs/{job.id}"}
        if made.replayed:
            headers["Idempotency-Replayed"] = "true"
        if job.has_pictures and asks_for_picture(self._request.scope, overlay_type(job)):
            return await self._overlay(job, headers)
        status = 200 if job.state.is_terminal else 202
        language = language_of(self._request.scope)
        return job_response(job, self._services.jobs.catalog, status, language, wait, headers)

    async def _overlay(self, job: Job, headers: dict[str, str]) -> Response:
        """The overlay itself. Raises what `get_overlay` raises."""
        response = await get_overlay(self._request, job, self._services, OverlayParams())
        response.headers.update(headers | {"Content-Location": f"/v1/jobs/{job.id}/overlay"})
        return response

    async def _read_and_submit(self, submission: Submission) -> Submitted:
        services = self._services
        async with read_upload(self._request, services.settings.max_bytes) as upload:
            options = read_options(upload.options)
            async with services.memory.hold(upload.content.size):
                data = await upload.content.read()
                return await services.jobs.submit(data, options, submission)

    async def _check_quota(self, submission: Submission) -> None:
        """Before the body is read. What was accepted before costs nothing. Raises QuotaUsedUp."""
        refusal = self._context.refusal
        if refusal and not await self._services.jobs.store.reserve(submission):
            raise refusal

    async def _wait_for_end(self, job: Job, wait: float | None) -> Job:
        """The job after the requested wait; without one, as it is. It is accepted in any case."""
        if wait is None:
            return job
        with suppress(StoreDown):
            waiting = self._services.watch.wait(job.id, wait, known=job)
            return await while_connected(self._request, waiting)
        return job

    def _header(self, name: str) -> str:
        return self._request.headers.get(name, "")


async def submit_handler(request: Request, prefer: Prefer = None) -> SubmitHandler:
    """One dependency instead of four: each costs FastAPI as much as a command in Redis."""
    services = await get_services(request)
    wait = wait_seconds(prefer, services.settings.max_wait_seconds)
    return SubmitHandler(request, services, wait)


InjectedHandler = Annotated[SubmitHandler, Depends(submit_handler)]


@router.post(
    "",
    status_code=202,
    summary="Submit a photo",
    response_model=JobView,
    openapi_extra=_BODY,
    responses=_ANSWERS,
)
async def submit_job(submit_handler: InjectedHandler, key: IdempotencyKey = None) -> Response:
    """Send the photo as the raw body or as the form field `image`; the answer is a job.

    With `Prefer: wait=25` and `Accept: image/jpeg` it is the overlay, as soon as there is one.
    With an `Idempotency-Key` the same request can be sent again without making a second job.
    """
    return await submit_handler.submit(key=key)


class SubmitRoute(PlainRoute):
    """`submit_job` for a request without an `Idempotency-Key`, which would have to be checked."""

    def __init__(self) -> None:
        super().__init__("/v1/jobs", submit_job, "POST")

    def takes(self, scope: Scope) -> bool:
        return find_header(scope, b"idempotency-key") is None

    async def respond(self, request: Request) -> Response:
        handler = await submit_handler(request, request.headers.get("prefer"))
        return await handler.submit()


@router.put(
    "/{job_id}",
    status_code=202,
    summary="Submit a photo under an id of your own",
    response_model=JobView,
    openapi_extra=_BODY,
    responses=_ANSWERS,
)
async def put_job(job_id: NewId, submit_handler: InjectedHandler) -> Response:
    """As `POST`, but the client chooses the id, a random UUID: whatever became of the first
    attempt, the same request can be sent again, also when the job has long ended."""
    return await submit_handler.submit(job_id)
