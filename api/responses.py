"""JSON as a response: of a job, or of what changes now and then; with conditional requests."""

import hashlib
import math
from collections.abc import Mapping

from fastapi import Request, Response

from api.headers import find_header
from api.language import language_fields, language_of
from api.schemas.jobs import job_view
from jobs.records.job import Job
from languages.translator import translator
from models.catalog import Catalog

VARY = "X-API-Key, Authorization"  # responses depend on the owner
_LONGEST_RETRY_SECONDS = 30


def etag(content: bytes) -> str:
    """A strong entity tag, of exactly these bytes."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def matches_if_none_match(request: Request, tag: str) -> bool:
    """Whether the client has this content already, by its `If-None-Match`."""
    given = find_header(request.scope, b"if-none-match")
    if given is None:
        return False
    known = {one.strip().removeprefix("W/") for one in given.split(",")}
    return tag in known or "*" in known


def vary_fields(language: str | None) -> dict[str, str]:
    """`Vary`, and `Content-Language` of an answer that has a language."""
    return language_fields(language, VARY) if language else {"Vary": VARY}


def retry_after(job: Job) -> dict[str, str]:
    """The `Retry-After` header: when the job is likely to be done, in 1 to 30 s; none once it has
    ended."""
    if job.state.is_terminal:
        return {}
    eta = (job.queue and job.queue.eta_seconds) or 1.0
    return {"Retry-After": str(min(max(math.ceil(eta), 1), _LONGEST_RETRY_SECONDS))}


def preference_applied(wait: float | None) -> dict[str, str]:
    """The header that says which `Prefer: wait=N` was granted."""
    return {} if wait is None else {"Preference-Applied": f"wait={wait:g}"}


def job_response(
    job: Job,
    catalog: Catalog,
    status: int,
    language: str,
    wait: float | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The whole job, after a request that changed it: never cached."""
    fields = {
        **language_fields(language),
        "Cache-Control": "no-store",
        **retry_after(job),
        **preference_applied(wait),
        **(headers or {}),
    }
    content = job_view(job, catalog, translator(language)).model_dump_json()
    return Response(content, status, fields, "application/json")


def conditional_job_response(
    request: Request, job: Job, catalog: Catalog, wait: float | None
) -> Response:
    """The whole job, or 304 when the client's `If-None-Match` already names it."""
    translated = translator(language_of(request.scope))
    content = job_view(job, catalog, translated).model_dump_json().encode()
    return cached_job_response(request, content, retry_after(job) | preference_applied(wait))


def cached_job_response(
    request: Request, content: bytes, headers: Mapping[str, str] | None = None, tag: str = ""
) -> Response:
    """As `conditional_job_response`, for a job whose JSON, and perhaps entity tag, is known
    already."""
    language = language_of(request.scope)
    return conditional_json(request, content, "no-cache", headers, tag, language)


def conditional_json(
    request: Request,
    content: bytes,
    caching: str,
    headers: Mapping[str, str] | None = None,
    tag: str = "",
    language: str | None = None,
) -> Response:
    """JSON that changes now and then, or 304 when `If-None-Match` already names it. language: of
    what people read in it."""
    tag = tag or etag(content)
    fields = {"ETag": tag, "Cache-Control": f"private, {caching}", **vary_fields(language)}
    fields |= headers or {}
    if matches_if_none_match(request, tag):
        return Response(status_code=304, headers=fields)
    return Response(content, 200, fields, "application/json")
