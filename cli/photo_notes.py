"""Warnings about the photos of a command, on stderr."""

from collections.abc import Container

from cli.errors import FAILED
from cli.output import warn
from models.training.array_cache import unreadable_lines
from models.training.photos import LeafFolder

_NAMED = 6


def warn_of(photos: LeafFolder, what: str = "", known: Container[str] = ()) -> int:
    """Warn of files that were ignored, of classes without photos, and of each photo that cannot be
    read.

    `what`: which photos these are; `known`: classes that are expected to have none. Returns the
    exit code: FAILED if a photo cannot be read.
    """
    news = [name for name in photos.absent if name not in known]
    absent = [f"no photos{what} of {_some(news)}"] if news else []
    failed = (f"not read: {line}" for line in unreadable_lines(photos.unreadable, most=1000))
    warn([*photos.notes, *absent, *failed])
    return FAILED if photos.unreadable else 0


def _some(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more classes" if more > 0 else "")
