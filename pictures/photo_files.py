"""Which files of a folder are photos, by their names."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SUFFIXES = frozenset(
    [
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp"),
        *(".heic", ".heics", ".heif", ".heifs", ".hif", ".avif", ".avifs", ".tif", ".tiff"),
    ]
)
"""Of the formats that are decoded; capitals count too."""
_OF_SYSTEMS = {
    *("__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"),
    "__pycache__",
}


@dataclass(frozen=True)
class PhotoFiles:
    """`paths`: sorted. `others`: how many files of each suffix were passed over."""

    paths: list[Path]
    others: Counter[str] = field(default_factory=Counter)

    @property
    def passed_over(self) -> str:
        """ "3 files are no photos by their names and were passed over: .txt (2), .gif (1)"; empty
        where there were none."""
        count = self.others.total()
        if not count:
            return ""
        kinds = ", ".join(f"{name} ({many:,})" for name, many in self.others.most_common())
        are = (
            "1 file is no photo by its name and was"
            if count == 1
            else (f"{count:,} files are no photos by their names and were")
        )
        return f"{are} passed over: {kinds}"


def is_hidden(name: str) -> bool:
    """Whether a file or folder belongs to a system or an editor (.ipynb_checkpoints, __MACOSX)."""
    return name.startswith(".") or name in _OF_SYSTEMS


def photo_files(folder: Path) -> PhotoFiles:
    """The photos in a folder and below it, each once.

    Links are followed. A photo that can also be reached by a link has its own name here; a link
    whose target is gone counts as a photo, so that it is missed when it is read. Raises OSError
    for a folder that cannot be read.
    """
    own: dict[str, Path] = {}
    linked: dict[str, Path] = {}
    others: Counter[str] = Counter()
    for entry in _files(folder):
        path = Path(entry.path)
        if path.suffix.lower() not in SUFFIXES or not (entry.is_file() or _is_broken(entry)):
            others[path.suffix.lower() or "no suffix"] += 1
        else:
            known = linked if entry.is_symlink() else own
            known.setdefault(os.path.realpath(path), path)
    return PhotoFiles(sorted((linked | own).values()), others)


def _is_broken(entry: os.DirEntry[str]) -> bool:
    return entry.is_symlink() and not os.path.exists(entry.path)  # noqa: PTH110 - str is enough


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Everything but folders. A folder is met once, by its own name before any link to it."""
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
            elif entry.is_symlink():
                links.append(entry.path)
            else:
                folders.append(entry.path)


def printable(path: str | Path) -> str:
    """The path as text; bytes that are not UTF-8 as \\xe9."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
