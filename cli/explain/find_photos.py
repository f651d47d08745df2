"""Which photos are meant: files, folders, globs, and a list on stdin."""

import glob
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.errors import USAGE, CommandError

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".tif", ".tiff"}


@dataclass(frozen=True)
class FoundPhoto:
    """`path`: absolute. `name`: below the folder that was given, else the file's own."""

    path: Path
    name: Path


def find_photos(given: Sequence[str], out: Path) -> list[FoundPhoto]:
    """Each photo once, in the order given, folders sorted; not what was written to `out`.

    Raises CommandError for a path that does not exist and when nothing is found.
    """
    found: dict[Path, FoundPhoto] = {}
    for one in _named(given):
        for photo in _below(Path(one)):
            path = photo.path.absolute()
            if not _is_ours(path, out.absolute()):
                found.setdefault(path.resolve(), FoundPhoto(path, photo.name))
    if not found:
        kinds = ", ".join(sorted(SUFFIXES))
        raise CommandError(f"no photos in {', '.join(given)}; looked for {kinds}", USAGE)
    return list(found.values())


def _is_ours(path: Path, out: Path) -> bool:
    """Whether a run has written it."""
    if not path.is_relative_to(out):
        return False
    first = path.relative_to(out).parts[0]
    return first == "contact-sheet.jpg" or first.startswith("overlays")


def _named(given: Sequence[str]) -> Iterator[str]:
    """Paths: globs expanded, `-` read. A listed path may not exist, an argument must."""
    for one in given:
        if one == "-":
            yield from _listed(sys.stdin.read())
        elif Path(one).exists():
            yield one
        elif matches := sorted(glob.glob(one, recursive=True)):  # noqa: PTH207 - may be absolute
            yield from matches
        else:
            raise CommandError(f"there is no file, folder or match of {one!r}", USAGE)


def _listed(text: str) -> Iterable[str]:
    """One path a line, or ended by NUL as `find -print0` does."""
    lines = text.split("\0") if "\0" in text else text.splitlines()
    return filter(None, lines)


def _below(path: Path) -> Iterator[FoundPhoto]:
    """The photos of a folder and the folders in it, hidden ones left out; else the file."""
    if not path.is_dir():
        yield FoundPhoto(path, Path(path.name))
        return
    for photo in sorted(_files(path)):
        if photo.suffix.lower() in SUFFIXES and photo.is_file():
            yield FoundPhoto(photo, photo.relative_to(path))


def _files(folder: Path) -> Iterator[Path]:
    """Links to folders are followed; a folder that is met again is passed over."""
    met = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        known = real in met
        met.add(real)
        folders[:] = [] if known else [name for name in folders if not name.startswith(".")]
        if not known:
            yield from (Path(place, name) for name in names if not name.startswith("."))
