"""Photos that cannot be read, each with the reason, where the others are to go on."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pictures.errors import PhotoError
from pictures.photo_files import printable

T = TypeVar("T")
_SHOWN = 5


class UnreadablePhotos(Exception):
    """`photos`: each one's path, and why it cannot be read."""

    def __init__(self, photos: dict[str, str]) -> None:
        self.photos = photos
        super().__init__("; ".join(unreadable_lines(photos)))


def unreadable_lines(photos: Mapping[str, str], most: int = _SHOWN) -> list[str]:
    """A line for each of the first `most` photos, and how many more there are."""
    lines = [f"{printable(path)}: {why}" for path, why in list(photos.items())[:most]]
    more = len(photos) - most
    return [*lines, f"and {more:,} more"] if more > 0 else lines


def try_read(read: Callable[[Any], T], item: Any) -> T | str:
    """What `read` makes of a photo, or why it cannot be read."""
    try:
        return read(item)
    except (PhotoError, OSError) as error:
        return reason_of(error)


def reason_of(error: Exception) -> str:
    """Why a photo cannot be read or explained, in words."""
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror or error}"
    return str(error) or type(error).__name__
