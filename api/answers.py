"""JSON answers: a job's headers, and 304 where the client knows the content already."""

import math
from collections.abc import Mapping

from fastapi import Request, Response

from api.delivery import VARY, etag, is_known
from api.schemas import job_view
from jobs.job import Job

_LATEST = 30


def retry_after(job: Job) -> dict[str, str]:
    """When to ask again: when it is likely to be done, 1 to 30 s; nothing once it has ended."""
    if job.state.is_terminal:
        return {}
    eta = (job.queue and job.queue.eta_seconds) or 1.0
    return {"Retry-After": str(min(max(math.ceil(eta), 1), _LATEST))}


def applied(wait: float | None) -> dict[str, str]:
    """What came of `Prefer: wait=N`."""
    return {} if wait is None else {"Preference-Applied": f"wait={wait:g}"}


def answer_job(
    job: Job, status: int, wait: float | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """The whole job, for a request that changed something."""
    told = {"Cache-Control": "no-store", **retry_after(job), **applied(wait), **(headers or {})}
    content = job_view(job).model_dump_json()
    return Response(content, status, told, "application/json")


def tell_job(request: Request, job: Job, wait: float | None) -> Response:
    """The whole job, for a request that asked; 304 while it is as the client knows it."""
    content = job_view(job).model_dump_json().encode()
    return tell_content(request, content, retry_after(job) | applied(wait))


def tell_content(
    request: Request, content: bytes, headers: Mapping[str, str] | None = None, tag: str = ""
) -> Response:
    """The same of a job whose JSON is known, and perhaps its entity tag."""
    return tell(request, content, "no-cache", headers, tag)


def tell(
    request: Request,
    content: bytes,
    caching: str,
    headers: Mapping[str, str] | None = None,
    tag: str = "",
) -> Response:
    """JSON that changes now and then; 304 while it is as the client knows it."""
    tag = tag or etag(content)
    told = {"ETag": tag, "Cache-Control": f"private, {caching}", "Vary": VARY}
    told |= headers or {}
    if is_known(request, tag):
        return Response(status_code=304, headers=told)
    return Response(content, 200, told, "application/json")
