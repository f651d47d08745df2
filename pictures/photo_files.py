"""Which files in a folder are photos, by their names."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SUFFIXES = frozenset(
    [
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp"),
        *(".heic", ".heics", ".heif", ".heifs", ".hif", ".avif", ".avifs", ".tif", ".tiff"),
    ]
)
"""The suffixes of the formats that are decoded, in lower case; capitals count too."""
_OF_SYSTEMS = {
    *("__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"),
    "__pycache__",
}
_BYTES = re.compile("[\ud800-\udfff]")  # as Python keeps bytes of file names that are not UTF-8


@dataclass(frozen=True)
class PhotoFiles:
    """`paths`: sorted. `others`: files that are no photos by their names."""

    paths: list[Path]
    others: list[Path] = field(default_factory=list)


def passed_over(others: Sequence[Path]) -> str:
    """ "3 files are no photos by their names and were passed over: .txt (2), .gif (1)"; empty where
    there are none."""
    if not others:
        return ""
    kinds = Counter(path.suffix.lower() or "no suffix" for path in others)
    counts = ", ".join(f"{printable(name)} ({many:,})" for name, many in kinds.most_common())
    if len(others) == 1:
        return f"1 file is no photo by its name and was passed over: {counts}"
    return f"{len(others):,} files are no photos by their names and were passed over: {counts}"


def is_hidden(name: str) -> bool:
    """Whether a file or folder belongs to a system or an editor (.ipynb_checkpoints, __MACOSX)."""
    return name.startswith(".") or name in _OF_SYSTEMS


def photo_files(folder: Path, *, deep: bool = True) -> PhotoFiles:
    """The photos in a folder and, if `deep`, in its subfolders, each once.

    Links are followed. A photo that can also be reached by a link has its own name here. A link
    whose target is missing counts as a photo, so that reading it reports the error. Raises OSError
    for a folder that cannot be read.
    """
    own: dict[str, Path] = {}
    linked: dict[str, Path] = {}
    others: list[Path] = []
    for entry in _files(folder, deep=deep):
        path = Path(entry.path)
        if path.suffix.lower() not in SUFFIXES or not (entry.is_file() or _is_broken(entry)):
            others.append(path)
        else:
            known = linked if entry.is_symlink() else own
            known.setdefault(os.path.realpath(path), path)
    return PhotoFiles(sorted((linked | own).values()), others)


def _is_broken(entry: os.DirEntry[str]) -> bool:
    return entry.is_symlink() and not os.path.exists(entry.path)  # noqa: PTH110 - str is enough


def _files(folder: Path, *, deep: bool) -> Iterator[os.DirEntry[str]]:
    """All files. A folder is visited once, by its own name before any link to it."""
    folders, links, met = [os.fspath(folder)], list[str](), set[str]()
    while folders or links:
        place = folders.pop() if folders else links.pop(0)
        if (real := os.path.realpath(place)) in met:
            continue
        met.add(real)
        with os.scandir(place) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in (entry for entry in entries if not is_hidden(entry.name)):
            if not entry.is_dir():
                yield entry
            elif deep:
                (links if entry.is_symlink() else folders).append(entry.path)


def printable(text: str | Path) -> str:
    """A path, or any text, that can be written: a byte of a name that is not UTF-8 as \\xe9."""
    return _BYTES.sub(_escaped, str(text))


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"
