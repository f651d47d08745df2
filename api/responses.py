"""Responses: JSON of a job, and files with ETag, conditional and range requests (RFC 9110)."""

import hashlib
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from fastapi import HTTPException, Request, Response

from api.headers import header
from api.schemas.jobs import job_view
from jobs.records.job import Job

VARY = "X-API-Key, Authorization"  # what an answer to an owner depends on
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def etag(content: bytes) -> str:
    """A strong entity tag: of these very bytes."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def is_known(request: Request, tag: str) -> bool:
    """Whether the client has this content already, by its `If-None-Match`."""
    given = header(request.scope, b"if-none-match")
    if given is None:
        return False
    known = {one.strip().removeprefix("W/") for one in given.split(",")}
    return tag in known or "*" in known


def deliver(request: Request, content: bytes, kind: str, expires_at: datetime) -> Response:
    """The content, the part of it that was asked for, or 304; to be kept until it expires.

    kind: its media type. Raises HTTPException 416 for a part that is not there.
    """
    tag = etag(content)
    left = max(0, int((expires_at - datetime.now(UTC)).total_seconds()))
    headers = {
        "ETag": tag,
        "Cache-Control": f"private, immutable, max-age={left}",
        "Accept-Ranges": "bytes",
        "Vary": VARY,
    }
    if is_known(request, tag):
        return Response(status_code=304, headers=headers)
    part = _part(request, tag, len(content))
    if part is None:
        return Response(content, media_type=kind, headers=headers)
    headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{len(content)}"
    return Response(content[part.start : part.stop], 206, headers, kind)


def _part(request: Request, tag: str, size: int) -> range | None:
    """The one range that was asked for; None for the whole, also for what is no such range.

    Several ranges at once are answered with the whole, which the standard allows.
    """
    asked = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    if asked is None or request.headers.get("if-range", tag) != tag:
        return None
    first, last = asked.groups()
    backwards = first and last and int(last) < int(first)
    if backwards or not (first or last):
        return None
    start = int(first) if first else max(0, size - int(last))
    if start >= size:
        message = f"the range {asked[0]} is not within the {size:,} bytes"
        raise HTTPException(416, message, {"Content-Range": f"bytes */{size}"})
    return range(start, min(int(last), size - 1) + 1 if first and last else size)


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
