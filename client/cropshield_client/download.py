"""A large file that comes in pieces: it is there whole, or not at all."""

import errno
import hashlib
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from cropshield_client.errors import InvalidResponse

Progress = Callable[[int, int], None]
_RANGE = re.compile(r"bytes (\d+)-\d+/\d+")


class Download:
    """A file on its way to `path`. What has come is kept beside it in a file that ends in `.part`,
    and gone on with, also by a later process; one process at a time.

    `size`: bytes of the whole; `sha256`: its hash, in hex. `progress` is called with the bytes
    that are there and those in all.
    """

    def __init__(
        self, path: str | Path, size: int, sha256: str, progress: Progress | None = None
    ) -> None:
        self.path, self.size, self.sha256 = Path(path), size, sha256
        self.part = self.path.with_name(f"{self.path.name}.{sha256[:16]}.part")
        self._progress, self._place = progress, 0

    def is_there(self) -> bool:
        """Whether `path` is the whole file already. Raises IsADirectoryError, before anything is
        fetched."""
        if self.path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "a file is to be there", str(self.path))
        return self.path.is_file() and _sha256(self.path) == self.sha256

    @property
    def received(self) -> int:
        """Bytes that have come; a part that is too long is none of this file."""
        found = self.part.stat().st_size if self.part.is_file() else 0
        return found if found <= self.size else 0

    @property
    def headers(self) -> dict[str, str]:
        """Those that ask for what is missing, as long as the server has the same file: its entity
        tag is the beginning of the hash."""
        if not self.received:
            return {}
        return {"Range": f"bytes={self.received}-", "If-Range": f'"{self.sha256[:32]}"'}

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """What comes now is the whole, or the range that was asked for. Raises InvalidResponse for
        another range."""
        self._place = 0
        if status == 206:
            found = _RANGE.fullmatch(headers.get("content-range", ""))
            self._place = int(found[1]) if found else -1
            if self._place != self.received:
                given = headers.get("content-range")
                raise InvalidResponse(f"from byte {self.received:,} was asked for, not {given!r}")
        with self.part.open("ab") as file:
            file.truncate(self._place)

    def write(self, chunk: bytes) -> None:
        """Raises InvalidResponse for more than the whole."""
        self._place += len(chunk)
        if self._place > self.size:
            self.part.unlink()
            raise InvalidResponse(f"the file has more than the {self.size:,} bytes described")
        with self.part.open("ab") as file:
            file.write(chunk)
        if self._progress:
            self._progress(self._place, self.size)

    def finish(self) -> None:
        """The file is at `path` now, and on the disk. Raises InvalidResponse for one that is not
        what was described, which is removed."""
        found = _sha256(self.part)
        if found != self.sha256:
            self.part.unlink()
            raise InvalidResponse(
                f"the file has SHA-256 {found[:16]}…, and {self.sha256[:16]}… was described: it "
                "was changed meanwhile or on its way; try again"
            )
        with self.part.open("rb+") as file:
            os.fsync(file.fileno())
        self.part.replace(self.path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
