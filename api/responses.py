"""Responses: JSON of a job, and files with ETag, conditional and range requests (RFC 9110)."""

import hashlib
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.responses import StreamingResponse

from api.headers import find_header
from api.language import language_fields, language_of
from api.schemas.jobs import job_view
from jobs.records.job import Job
from languages.translator import translator
from models.catalog import Catalog

VARY = "X-API-Key, Authorization"  # responses depend on the owner
_CHUNK = 256 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


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


def described_file(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """The responses of a route in the OpenAPI document: a file of one of these media types, or a
    part of it."""
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}
    return {
        200: {"content": content, "description": "The whole file."},
        206: {"content": content, "description": "The range of it that was asked for."},
        304: {"description": "It is the one named in `If-None-Match`."},
    }


def file_response(
    request: Request, content: bytes, kind: str, expires_at: datetime, language: str | None = None
) -> Response:
    """The content, the requested range of it, or 304; cacheable until it expires.

    kind: its media type. language: of the words in it. Raises HTTPException 416 for a part that is
    not there.
    """
    tag = etag(content)
    left = max(0, int((expires_at - datetime.now(UTC)).total_seconds()))
    headers = {
        "ETag": tag,
        "Cache-Control": f"private, immutable, max-age={left}",
        "Accept-Ranges": "bytes",
        **_fields(language),
    }
    if matches_if_none_match(request, tag):
        return Response(status_code=304, headers=headers)
    requested = _requested_range(request, tag, len(content))
    if requested is None:
        return Response(content, media_type=kind, headers=headers)
    headers["Content-Range"] = f"bytes {requested.start}-{requested.stop - 1}/{len(content)}"
    return Response(content[requested.start : requested.stop], 206, headers, kind)


def stored_file_response(request: Request, path: Path, sha256: str, kind: str) -> Response:
    """A file on the disk, the requested range of it, or 304; read while it is sent, and asked for
    again each time.

    sha256: its hash, in hex; kind: its media type. Raises HTTPException 416.
    """
    size, tag = path.stat().st_size, f'"{sha256[:32]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "private, no-cache",
        "Accept-Ranges": "bytes",
        "Vary": VARY,
    }
    if matches_if_none_match(request, tag):
        return Response(status_code=304, headers=headers)
    requested = _requested_range(request, tag, size)
    part = range(size) if requested is None else requested
    headers["Content-Length"] = str(len(part))
    headers["Content-Disposition"] = f'attachment; filename="{path.name}"'
    if requested is not None:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    status = 200 if requested is None else 206
    return StreamingResponse(_read_part(path, part), status, headers, kind)


def _read_part(path: Path, part: range) -> Iterator[bytes]:
    """Read a part of a file in chunks. Runs in a thread."""
    with path.open("rb") as file:
        file.seek(part.start)
        for start in range(part.start, part.stop, _CHUNK):
            yield file.read(min(_CHUNK, part.stop - start))


def _requested_range(request: Request, tag: str, size: int) -> range | None:
    """The one requested range; None for the whole content, also for an invalid range.

    Several ranges at once get the whole, which the standard allows.
    """
    requested = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    if requested is None or request.headers.get("if-range", tag) != tag:
        return None
    first, last = requested.groups()
    backwards = first and last and int(last) < int(first)
    if backwards or not (first or last):
        return None
    start = int(first) if first else max(0, size - int(last))
    if start >= size:
        message = f"the range {requested[0]} is not within the {size:,} bytes"
        raise HTTPException(416, message, {"Content-Range": f"bytes */{size}"})
    return range(start, min(int(last), size - 1) + 1 if first and last else size)


def _fields(language: str | None) -> dict[str, str]:
    """`Vary`, and `Content-Language` of an answer that has a language."""
    return language_fields(language, VARY) if language else {"Vary": VARY}


_LATEST = 30


def retry_after(job: Job) -> dict[str, str]:
    """The `Retry-After` header: when the job is likely to be done, in 1 to 30 s; none once it has
    ended."""
    if job.state.is_terminal:
        return {}
    eta = (job.queue and job.queue.eta_seconds) or 1.0
    return {"Retry-After": str(min(max(math.ceil(eta), 1), _LATEST))}


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
    fields = {"ETag": tag, "Cache-Control": f"private, {caching}", **_fields(language)}
    fields |= headers or {}
    if matches_if_none_match(request, tag):
        return Response(status_code=304, headers=fields)
    return Response(content, 200, fields, "application/json")
