"""Files as responses, with ETag, conditional and range requests (RFC 9110)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.responses import StreamingResponse

from api.responses import VARY, etag, matches_if_none_match, vary_fields

_CHUNK = 256 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


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
        **vary_fields(language),
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
