"""Photos and options out of a request: raw bytes or a form, never more than allowed in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.types import Message

from api.problems import InvalidRequest, invalid_request
from jobs.errors import BatchTooLarge
from jobs.records.batch import MOST_PHOTOS, BatchPhoto
from jobs.records.options import JobOptions
from pictures.errors import PhotoTooLarge, UndecodablePhoto


def read_options(given: Mapping[str, str]) -> JobOptions:
    """Empty ones count as not given. Raises InvalidRequest."""
    try:
        return JobOptions.model_validate(
            {name: value for name, value in given.items() if value != ""}
        )
    except ValidationError as error:
        raise invalid_request(error) from error


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
    request = limit_body(request, most, lambda size: PhotoTooLarge(size, limit))
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


def limit_body(request: Request, most: int, too_large: Callable[[int], Exception]) -> Request:
    """The request, whose body raises `too_large` of its size: as declared, else while read."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise too_large(int(declared))
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > most:
            raise too_large(received)
        return message

    return Request(request.scope, receive)


BATCH_FIELD = "images"
_MOST_FILES = 4 * MOST_PHOTOS  # more are no mistake in counting, and not worth the reading
_NAME_LENGTH = 255


@dataclass(frozen=True)
class BatchUpload:
    """Photos that can be read while the request lasts, and the options given with them."""

    photos: list[BatchPhoto]
    options: dict[str, str]


@asynccontextmanager
async def read_batch(request: Request, most: int, limit: int) -> AsyncIterator[BatchUpload]:
    """most: bytes of all photos together; limit: of one.

    Raises BatchTooLarge while reading, InvalidRequest for a form without photos or with too many.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        message = "a multipart/form-data body is needed"
        raise InvalidRequest([{"field": BATCH_FIELD, "message": message}])
    request = limit_body(request, most + FORM_OVERHEAD, lambda size: BatchTooLarge(size, most))
    async with request.form(max_files=_MOST_FILES, max_fields=32) as form:
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        yield BatchUpload(_photos(form, limit), dict(request.query_params) | fields)


def _photos(form: FormData, limit: int) -> list[BatchPhoto]:
    files = [file for file in form.getlist(BATCH_FIELD) if isinstance(file, UploadFile)]
    if not 1 <= len(files) <= MOST_PHOTOS:
        message = f"1 to {MOST_PHOTOS} file fields of this name are needed (given: {len(files)})"
        raise InvalidRequest([{"field": BATCH_FIELD, "message": message}])
    return [_photo(file, limit) for file in files]


def _photo(file: UploadFile, limit: int) -> BatchPhoto:
    async def read() -> bytes:
        size = file.size or 0
        if size > limit:
            raise PhotoTooLarge(size, limit)
        if not size:
            raise UndecodablePhoto("it is empty (0 bytes)")
        await file.seek(0)
        return await file.read()

    return BatchPhoto((file.filename or "")[:_NAME_LENGTH] or None, read)
