"""A photo out of a request: raw bytes or a multipart form, never more than allowed in memory."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.types import Message

from api.problems import InvalidRequest
from pictures.errors import PhotoTooLarge, UndecodablePhoto

FIELD = "image"
RAW_TYPES = (
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/heic",
    "image/avif",
    "image/tiff",
    "application/octet-stream",
)
_LARGE = 1024 * 1024
FORM_OVERHEAD = 64 * 1024  # boundaries, part headers and options around a photo


@dataclass(frozen=True)
class Upload:
    """The bytes of a photo, and the options given with it, not yet validated."""

    data: bytes
    options: dict[str, Any]


async def read_upload(request: Request, limit: int) -> Upload:
    """Raises PhotoTooLarge, UndecodablePhoto for an empty photo, InvalidRequest for a form
    without the one file field."""
    options: dict[str, Any] = dict(request.query_params)
    kind = request.headers.get("content-type", "").lower()
    is_form = kind.startswith("multipart/form-data")
    most = limit + FORM_OVERHEAD if is_form else limit
    request = bounded(request, most, lambda size: PhotoTooLarge(size, limit))
    if is_form:
        data, fields = await _read_form(request)
        options |= fields
    else:
        data = await _read_body(request)
    if len(data) > limit:
        raise PhotoTooLarge(len(data), limit)
    if not data:
        raise UndecodablePhoto("it is empty (0 bytes)")
    return Upload(data, options)


async def _read_body(request: Request) -> bytes:
    """As `request.body()`; but a large one is put together beside the event loop, which other
    requests wait for. There `join` lets go of the interpreter too."""
    parts = [part async for part in request.stream()]
    if sum(map(len, parts)) < _LARGE:
        return b"".join(parts)
    return await asyncio.to_thread(b"".join, parts)


async def _read_form(request: Request) -> tuple[bytes, dict[str, str]]:
    async with request.form(max_files=1, max_fields=32) as form:
        file = form.get(FIELD)
        if not isinstance(file, UploadFile):
            given = ", ".join(form) or "nothing"
            message = f"a file field named {FIELD!r} is needed (given: {given})"
            raise InvalidRequest([{"field": FIELD, "message": message}])
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        return await file.read(), fields


def bounded(request: Request, most: int, too_large: Callable[[int], Exception]) -> Request:
    """The request, whose body raises `too_large` of its size: as declared, else while read."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise too_large(int(declared))
    seen = 0

    async def receive() -> Message:
        nonlocal seen
        message = await request.receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise too_large(seen)
        return message

    return Request(request.scope, receive)
