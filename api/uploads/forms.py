"""Forms (multipart/form-data, RFC 7578) with limits on every part, in UTF-8 alone.

Starlette's parser decodes names and values by a charset that the client chooses, and loses files
without a plain `filename`.
"""

import re
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import NoReturn
from urllib.parse import unquote_to_bytes

from fastapi import HTTPException, Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from api.problems.errors import InvalidRequest
from api.uploads.spool import Spool

MAX_FIELDS = 32
FIELD_BYTES = 8 * 1024  # of an option's value
NAME_BYTES = 255  # of a field's name, and of a file's
_CONTENT_TYPE_BYTES = 1024
_PREAMBLE_BYTES = 16 * 1024
_UTF8 = {"utf-8", "utf8", "us-ascii"}
_FILE_NAME = re.compile(rb"filename\*\s*=\s*\"?utf-8'[^']*'([^;\"\s]*)", re.IGNORECASE)


@dataclass(frozen=True)
class FormFile:
    """A file of a form; its name is as sent, at most 255 characters, and None without one."""

    name: str | None
    content: Spool


@dataclass
class Form:
    """Values by name, each of which was given once, and the files in order."""

    values: dict[str, str] = field(default_factory=dict)
    files: list[FormFile] = field(default_factory=list)

    @property
    def field_names(self) -> str:
        """The names of the fields that are no files, for a message."""
        return f"{', '.join(self.values) or 'nothing':.200}"


def is_form(request: Request) -> bool:
    """Whether the request's content type is that of a form."""
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


async def read_form(request: Request, file_field: str, most_files: int, closing: ExitStack) -> Form:
    """The form of a request; `closing` closes its files.

    A part named `file_field` is a file, with or without a file name; no other part may be one.

    Raises InvalidRequest for a part that is not allowed, HTTPException 400 for a malformed form,
    BlobsFailed.
    """
    reader = _FormReader(request.headers["content-type"], file_field, most_files, closing)
    async for chunk in _without_preamble(request.stream(), reader.boundary):
        await reader.feed(chunk)
    return reader.finish()


@dataclass
class _Part:
    name: str = ""
    value: bytearray = field(default_factory=bytearray)
    file: FormFile | None = None


class _FormReader:
    """Parses a form as it arrives."""

    def __init__(
        self, content_type: str, file_field: str, most_files: int, closing: ExitStack
    ) -> None:
        self.boundary = _boundary(content_type)
        self._file_field, self._most_files, self._closing = file_field, most_files, closing
        self._form, self._part, self._ended = Form(), _Part(), False
        self._header, self._header_value, self._disposition = b"", b"", b""
        self._stray: str | None = None  # the field of a file that is not allowed
        self._unwritten: list[tuple[Spool, bytes]] = []
        self._parser = MultipartParser(
            self.boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._add_to_header,
                "on_header_value": self._add_to_header_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_part_data": self._add_data,
                "on_part_end": self._end_part,
                "on_end": self._end,
            },
        )

    async def feed(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            _refuse(f"the form is broken: {error}", error)
        for spool, data in self._unwritten:
            await spool.write(data)
        self._unwritten.clear()

    def finish(self) -> Form:
        if not self._ended:
            _refuse("the form breaks off: its closing boundary did not come")
        if self._stray is not None and self._form.files:
            message = f"no file belongs here; files are taken from {self._file_field!r}"
            raise _invalid(self._stray, message)
        return self._form

    def _begin_part(self) -> None:
        self._part, self._disposition = _Part(), b""

    def _add_to_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_to_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._header_value
        self._header = self._header_value = b""

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            _refuse("a part of the form has no name in its Content-Disposition")
        name = self._part.name = _name(options[b"name"])
        file_name = _file_name(self._disposition, options.get(b"filename"))
        if name != self._file_field and file_name is None:
            return
        if name != self._file_field:
            self._stray = name
            return
        if len(self._form.files) >= self._most_files:
            raise _too_many(name, self._most_files)
        spool = self._closing.enter_context(Spool())
        self._part.file = FormFile(file_name or None, spool)
        self._form.files.append(self._part.file)

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        if part.file:
            self._unwritten.append((part.file.content, data[start:end]))
        elif part.name != self._stray:
            part.value += data[start:end]
        if len(part.value) > FIELD_BYTES:
            raise _invalid(part.name, f"its value has more than {FIELD_BYTES:,} bytes")

    def _end_part(self) -> None:
        part, values = self._part, self._form.values
        if part.file:
            return
        if part.name in values:
            raise _invalid(part.name, "it is given twice")
        if len(values) >= MAX_FIELDS:
            raise _invalid(part.name, f"it is one field too many; a form has at most {MAX_FIELDS}")
        values[part.name] = _text(part.name, part.value)

    def _end(self) -> None:
        self._ended = True


async def _without_preamble(chunks: AsyncIterator[bytes], boundary: bytes) -> AsyncIterator[bytes]:
    """The body from the first boundary on, without the text that may stand before it (RFC 2046,
    5.1.1)."""
    first = b"--" + boundary
    begun: bytearray | None = bytearray()
    async for chunk in chunks:
        if begun is None:
            yield chunk
            continue
        begun += chunk
        at = 0 if begun.startswith(first) else begun.find(b"\r\n" + first) + 2
        if (len(begun) if at == 1 else at) > _PREAMBLE_BYTES:
            _refuse(f"no boundary {boundary!r:.80} in the first {_PREAMBLE_BYTES:,} bytes")
        if at != 1:
            yield bytes(begun[at:])
            begun = None


def _boundary(content_type: str) -> bytes:
    if len(content_type) > _CONTENT_TYPE_BYTES:
        _refuse(f"the Content-Type has more than {_CONTENT_TYPE_BYTES:,} bytes")
    _, options = parse_options_header(content_type)
    charset = options.get(b"charset", b"utf-8").decode("latin-1").lower()
    if charset not in _UTF8:
        raise _invalid("Content-Type", f"forms are read as UTF-8 alone (given: {charset!r:.100})")
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= 70:
        _refuse("the Content-Type has no boundary of 1 to 70 bytes")
    return boundary


def _name(given: bytes) -> str:
    name = _text("the name of a field", given)
    if len(given) > NAME_BYTES:
        raise _invalid(f"{name:.50}…", f"the name of a field has at most {NAME_BYTES} bytes")
    return name


def _file_name(disposition: bytes, plain: bytes | None) -> str | None:
    """`filename` or `filename*` (RFC 5987), at most 255 characters; None for a part without either.
    What is not UTF-8 in it is replaced: only people read it."""
    extended = _FILE_NAME.search(disposition)
    if plain is None and extended:
        plain = unquote_to_bytes(extended[1])
    if plain is None:
        return "" if b"filename*" in disposition.lower() else None
    return plain.decode("utf-8", "replace")[:NAME_BYTES]


def _text(name: str, given: bytes | bytearray) -> str:
    try:
        return given.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _invalid(name, f"it is no UTF-8 at byte {error.start}") from None


def _too_many(name: str, most: int) -> InvalidRequest:
    if most == 1:
        return _invalid(name, "two files are given; one is needed, /v1/batches takes several")
    return _invalid(name, f"more than {most} files are given")


def _invalid(name: str, message: str) -> InvalidRequest:
    return InvalidRequest([{"field": name, "message": message}])


def _refuse(message: str, cause: Exception | None = None) -> NoReturn:
    raise HTTPException(400, message) from cause
