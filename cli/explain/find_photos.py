"""Which photos to explain: files, folders, globs, and a list on stdin."""

import glob
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.errors import USAGE, CommandError
from pictures.photo_files import SUFFIXES, passed_over, photo_files, printable


@dataclass(frozen=True)
class FoundPhoto:
    """`path`: absolute. `name`: relative to the folder that was given; of a file, its own name."""

    path: Path
    name: Path


@dataclass(frozen=True)
class FoundPhotos:
    """`others`: files in the folders that are no photos by their names."""

    photos: list[FoundPhoto]
    others: list[Path]


def find_photos(given: Sequence[str], out: Path) -> FoundPhotos:
    """Each photo once, in the order given, folders sorted; without what was written to `out`.

    A photo that is also reached by a link keeps its own name. Raises CommandError for a path that
    does not exist, a folder that cannot be read, and when nothing is found.
    """
    found: dict[Path, FoundPhoto] = {}
    others: list[Path] = []
    for one in _named(given):
        photos, beside = _below(Path(one))
        others += [path for path in beside if not path.absolute().is_relative_to(out.absolute())]
        for photo in photos:
            path, real = photo.path.absolute(), photo.path.resolve()
            if not _is_ours(path, out.absolute()) and (real not in found or path == real):
                found[real] = FoundPhoto(path, photo.name)
    if not found:
        kinds = ", ".join(sorted(SUFFIXES))
        where = printable(", ".join(given))
        more = f"; {passed_over(others)}" if others else ""
        raise CommandError(f"no photos in {where}; looked for {kinds}{more}", USAGE)
    return FoundPhotos(list(found.values()), others)


def _is_ours(path: Path, out: Path) -> bool:
    """Whether a run of this command has written the file."""
    if not path.is_relative_to(out):
        return False
    first = path.relative_to(out).parts[0]
    return first == "contact-sheet.jpg" or first.startswith("overlays")


def _named(given: Sequence[str]) -> Iterator[str]:
    """Expand globs, and read the list for `-`. A listed path may not exist, an argument must."""
    for one in given:
        if one == "-":
            yield from _listed(os.fsdecode(sys.stdin.buffer.read()))
        elif Path(one).exists():
            yield one
        elif matches := sorted(glob.glob(one, recursive=True)):  # noqa: PTH207 - may be absolute
            yield from matches
        else:
            message = f"there is no file, folder or match of '{printable(one)}'"
            raise CommandError(message, USAGE)


def _listed(text: str) -> Iterable[str]:
    """The listed paths: one a line, or ended by NUL as `find -print0` does."""
    lines = text.split("\0") if "\0" in text else text.splitlines()
    return filter(None, lines)


def _below(path: Path) -> tuple[list[FoundPhoto], list[Path]]:
    """The photos in a folder and its subfolders, and what else is there; of a file, the file."""
    if not path.is_dir():
        return [FoundPhoto(path, Path(path.name))], []
    try:
        files = photo_files(path)
    except OSError as error:
        where = printable(error.filename or path)
        raise CommandError(f"cannot read {where}: {error.strerror or error}", USAGE) from error
    return [FoundPhoto(photo, photo.relative_to(path)) for photo in files.paths], files.others
