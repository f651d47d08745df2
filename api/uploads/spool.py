"""Received bytes: in memory while they are few, then in a temporary file."""

import asyncio
import io
import tempfile
from contextlib import AbstractContextManager
from types import TracebackType
from typing import BinaryIO

from jobs.errors import BlobsFailed

_IN_MEMORY = 1024 * 1024


class Spool(AbstractContextManager["Spool"]):
    """A body, or a part of one. Blocking calls run in threads. Raises BlobsFailed when the folder
    for temporary files is full or missing."""

    def __init__(self) -> None:
        self.size = 0
        self._buffer = io.BytesIO()  # it gives its bytes away without a copy
        self._file: BinaryIO | None = None

    async def write(self, data: bytes) -> None:
        self.size += len(data)
        self._buffer.write(data)
        if self._buffer.tell() >= _IN_MEMORY:
            await asyncio.to_thread(self._to_file)

    async def read(self) -> bytes:
        """All of it, from the beginning."""
        if self._file is None:
            return self._buffer.getvalue()
        return await asyncio.to_thread(self._from_file)

    def close(self) -> None:
        """Delete what was received."""
        self._buffer = io.BytesIO()
        if self._file is not None:
            self._file.close()

    def _to_file(self) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - see `close`
            view = self._buffer.getbuffer()
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            raise BlobsFailed(f"a temporary file cannot be written: {error.strerror}") from error
        self._buffer = io.BytesIO()

    def _from_file(self) -> bytes:
        assert self._file is not None  # noqa: S101 - see `read`
        try:
            self._file.seek(0)
            return self._file.read() + self._buffer.getvalue()
        except OSError as error:
            raise BlobsFailed(f"a temporary file cannot be read: {error.strerror}") from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()
