"""The photos of a batch out of a form, which lies on disk and is read one photo at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from api.problems import InvalidRequest
from api.uploads import FORM_OVERHEAD, bounded
from jobs.batches import MOST_PHOTOS, Photo
from jobs.errors import BatchTooLarge
from pictures.errors import PhotoTooLarge, UndecodablePhoto

FIELD = "images"
_MOST_FILES = 4 * MOST_PHOTOS  # more are no mistake in counting, and not worth the reading
_NAME_LENGTH = 255


@dataclass(frozen=True)
class BatchUpload:
    """Photos that can be read while the request lasts, and the options given with them."""

    photos: list[Photo]
    options: dict[str, str]


@asynccontextmanager
async def received_batch(request: Request, most: int, limit: int) -> AsyncIterator[BatchUpload]:
    """most: bytes of all photos together; limit: of one.

    Raises BatchTooLarge while reading, InvalidRequest for a form without photos or with too many.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise InvalidRequest([{"field": FIELD, "message": "a multipart/form-data body is needed"}])
    request = bounded(request, most + FORM_OVERHEAD, lambda size: BatchTooLarge(size, most))
    async with request.form(max_files=_MOST_FILES, max_fields=32) as form:
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        yield BatchUpload(_photos(form, limit), dict(request.query_params) | fields)


def _photos(form: FormData, limit: int) -> list[Photo]:
    files = [file for file in form.getlist(FIELD) if isinstance(file, UploadFile)]
    if not 1 <= len(files) <= MOST_PHOTOS:
        message = f"1 to {MOST_PHOTOS} file fields of this name are needed (given: {len(files)})"
        raise InvalidRequest([{"field": FIELD, "message": message}])
    return [_photo(file, limit) for file in files]


def _photo(file: UploadFile, limit: int) -> Photo:
    async def read() -> bytes:
        size = file.size or 0
        if size > limit:
            raise PhotoTooLarge(size, limit)
        if not size:
            raise UndecodablePhoto("it is empty (0 bytes)")
        await file.seek(0)
        return await file.read()

    return Photo((file.filename or "")[:_NAME_LENGTH] or None, read)
