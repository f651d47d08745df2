"""`results.jsonl`: one line a photo, only ever appended to. A later run resumes by it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from cli.explain.find_photos import FoundPhoto
from cli.output import json_text

Row = dict[str, Any]


class ResultLog:
    """The last row of each photo, by path. A line that a kill cut off is ignored."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.rows: dict[str, Row] = {}
        for line in path.read_bytes().splitlines() if path.exists() else ():
            row = _row(line)
            if row is not None:
                self.rows[row["path"]] = row

    def __enter__(self) -> Self:
        """Open for appending; first end a line that was cut off."""
        self._file = self._path.open("ab")
        if self._file.tell() and self._path.read_bytes()[-1:] != b"\n":
            self._file.write(b"\n")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def append(self, row: Row) -> None:
        """Write the row at once: a photo in the log is done."""
        self._file.write(json_text(row).encode() + b"\n")
        self._file.flush()
        self.rows[row["path"]] = row

    def is_done(self, photo: FoundPhoto, key: str) -> bool:
        """Whether the same file was explained before, in the same way."""
        row = self.rows.get(str(photo.path))
        return row is not None and row["ok"] and row["key"] == key

    def targets(self, photos: Iterable[FoundPhoto]) -> dict[Path, Path]:
        """The path of each photo's overlay, without suffix.

        An overlay of an earlier run keeps its path. A new one is called as its photo, with a number
        where another photo has that name.
        """
        taken = {row["place"]: path for path, row in self.rows.items() if row.get("place")}
        had = {path: target for target, path in taken.items()}
        targets = {}
        for photo in photos:
            path = str(photo.path)
            target = had.get(path) or _free(photo.name.with_suffix("").as_posix(), path, taken)
            taken[target] = path
            targets[photo.path] = Path(target)
        return targets


def key_of(photo: FoundPhoto, options: Mapping[str, Any]) -> str:
    """A key of the photo as it is now (size and time of change), and of how it is to be
    explained."""
    try:
        stat = photo.path.stat()
    except OSError:
        return ""
    content = json.dumps([stat.st_size, stat.st_mtime_ns, options], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _free(name: str, path: str, taken: Mapping[str, str]) -> str:
    number, target = 1, name
    while taken.get(target, path) != path:
        number += 1
        target = f"{name}-{number}"
    return target


def _row(line: bytes) -> Row | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and {"path", "key", "ok"} <= row.keys() else None
