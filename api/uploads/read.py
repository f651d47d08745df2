"""Photos and options of a request: raw bytes or a form, within limits."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass

from fastapi import Request
from pydantic import ValidationError
from starlette.types import Message

from api.problems.errors import InvalidRequest
from api.problems.exception_handlers import invalid_request
from api.uploads.forms import FormFile, is_form, read_form
from api.uploads.spool import Spool
from jobs.errors import BatchTooLarge
from jobs.records.batch import MAX_PHOTOS, BatchPhoto
from jobs.records.options import JobOptions
from pictures.errors import PhotoTooLarge, UndecodablePhoto

FIELD, BATCH_FIELD = "image", "images"
RAW_TYPES = (
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/heic",
    "image/avif",
    "image/tiff",
    "application/octet-stream",
)
FORM_OVERHEAD = 64 * 1024  # boundaries, part headers and options around a photo
_MAX_FILES = 4 * MAX_PHOTOS  # more than this is no miscount: stop reading


def read_options(given: Mapping[str, str]) -> JobOptions:
    """Empty ones count as not given. Raises InvalidRequest, also for unknown ones."""
    known = JobOptions.model_fields
    try:
        return JobOptions.model_validate(
            {name: value for name, value in given.items() if value != "" or name not in known}
        )
    except ValidationError as error:
        raise invalid_request(error) from error


@dataclass(frozen=True)
class Upload:
    """A photo that can be read while the request lasts, and its options, not yet validated."""

    content: Spool
    options: dict[str, str]


@asynccontextmanager
async def read_upload(request: Request, limit: int) -> AsyncIterator[Upload]:
    """Raises PhotoTooLarge, UndecodablePhoto for an empty photo, InvalidRequest for a form
    without the one file, BlobsFailed."""
    most = limit + FORM_OVERHEAD if is_form(request) else limit
    request = limit_body(request, most, lambda size: PhotoTooLarge(size, limit))
    with ExitStack() as closing:
        if is_form(request):
            content, values = await _read_form(request, closing)
        else:
            content, values = await _read_body(request, closing), dict[str, str]()
        _check_size(content.size, limit)
        yield Upload(content, _all_options(request, values))


async def _read_body(request: Request, closing: ExitStack) -> Spool:
    content = closing.enter_context(Spool())
    async for chunk in request.stream():
        await content.write(chunk)
    return content


async def _read_form(request: Request, closing: ExitStack) -> tuple[Spool, dict[str, str]]:
    form = await read_form(request, FIELD, 1, closing)
    if not form.files:
        message = f"a file field named {FIELD!r} is needed (given: {form.field_names})"
        raise InvalidRequest([{"field": FIELD, "message": message}])
    return form.files[0].content, form.values


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise PhotoTooLarge(size, limit)
    if not size:
        raise UndecodablePhoto("it is empty (0 bytes)")


def _all_options(request: Request, values: dict[str, str]) -> dict[str, str]:
    """The options of the query and of the form. Raises InvalidRequest for one with two values."""
    options = dict(values)
    for name, value in request.query_params.multi_items():
        if options.setdefault(name, value) != value:
            message = f"it is given twice: {options[name]!r:.100} and {value!r:.100}"
            raise InvalidRequest([{"field": name, "message": message}])
    return options


def limit_body(request: Request, most: int, too_large: Callable[[int], Exception]) -> Request:
    """The request, whose body raises `too_large` beyond this size: at once where the size is
    declared, else while it is read."""
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


@dataclass(frozen=True)
class BatchUpload:
    """Photos that can be read while the request lasts, and their options. `largest`: the bytes of
    the largest photo."""

    photos: list[BatchPhoto]
    largest: int
    options: dict[str, str]


@asynccontextmanager
async def read_batch(request: Request, most: int, limit: int) -> AsyncIterator[BatchUpload]:
    """most: bytes of all photos together; limit: of one photo.

    Raises BatchTooLarge while reading, InvalidRequest for a form without photos or with too many,
    BlobsFailed.
    """
    if not is_form(request):
        message = "a multipart/form-data body is needed"
        raise InvalidRequest([{"field": BATCH_FIELD, "message": message}])
    request = limit_body(request, most + FORM_OVERHEAD, lambda size: BatchTooLarge(size, most))
    with ExitStack() as closing:
        form = await read_form(request, BATCH_FIELD, _MAX_FILES, closing)
        if not 1 <= len(form.files) <= MAX_PHOTOS:
            given = len(form.files)
            message = f"1 to {MAX_PHOTOS} file fields of this name are needed (given: {given})"
            raise InvalidRequest([{"field": BATCH_FIELD, "message": message}])
        largest = min(limit, max(file.content.size for file in form.files))
        photos = [_photo(file, limit) for file in form.files]
        yield BatchUpload(photos, largest, _all_options(request, form.values))


def _photo(file: FormFile, limit: int) -> BatchPhoto:
    async def read() -> bytes:
        _check_size(file.content.size, limit)
        return await file.content.read()

    return BatchPhoto(file.name, read)
