"""Warnings about the photos of a command, on stderr."""

from collections.abc import Container, Mapping

from cli.errors import FAILED
from cli.output import warn
from models.training.data.leaf_folder import LeafFolder
from pictures.photo_files import printable
from pictures.unreadable_photos import unreadable_lines

_NAMED = 6
_MOST_LINES = 1000


def warn_about_photos(photos: LeafFolder, what: str = "", known: Container[str] = ()) -> int:
    """Warn of files that were ignored, of classes without photos, and of each photo that cannot be
    read.

    `what`: which photos these are; `known`: classes that are expected to have none. Returns the
    exit code: FAILED if a photo cannot be read.
    """
    news = [name for name in photos.absent if name not in known]
    absent = [f"no photos{what} of {_some(news)}"] if news else []
    warn([*photos.notes, *absent])
    warn_unreadable(photos.unreadable)
    return FAILED if photos.unreadable else 0


def warn_unreadable(photos: Mapping[str, str]) -> None:
    """Warn of photos that cannot be read, given by path, with the reasons."""
    warn(f"not read: {line}" for line in unreadable_lines(photos, most=_MOST_LINES))


def unreadable_document(photos: Mapping[str, str]) -> list[dict[str, str]]:
    """The same photos, for JSON."""
    return [{"path": printable(path), "error": why} for path, why in photos.items()]


def _some(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more classes" if more > 0 else "")
