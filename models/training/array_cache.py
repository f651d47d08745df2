"""Arrays that are computed once and memory-mapped from the disk."""

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from pictures.errors import PhotoError
from pictures.photo_files import printable

Array = npt.NDArray[np.uint8]
T = TypeVar("T")
_SHOWN = 5


class UnreadablePhotos(Exception):
    """`photos`: each one's path, and why it cannot be read."""

    def __init__(self, photos: dict[str, str]) -> None:
        self.photos = photos
        super().__init__("; ".join(unreadable_lines(photos)))


def unreadable_lines(photos: dict[str, str], most: int = _SHOWN) -> list[str]:
    """A line for each of the first `most` photos, and how many more there are."""
    lines = [f"{printable(path)}: {why}" for path, why in list(photos.items())[:most]]
    more = len(photos) - most
    return [*lines, f"and {more:,} more"] if more > 0 else lines


def key_of(*parts: object) -> str:
    """16 hex digits that differ for arrays made of other things."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def memory_mapped(
    read: Callable[[Any], Array],
    items: Sequence[Any],
    file: Path,
    shape: tuple[int, int, int],
    key: str,
) -> Array:
    """What `read` makes of each item: uint8 (n, *shape), computed once on all cores and mapped from
    the disk, where `train-160.npy` is kept as `train-160-<key>.npy`.

    The key tells what the array was made of. A file with another key is removed. Raises
    UnreadablePhotos after all were tried.
    """
    kept = file.with_name(f"{file.stem}-{key}.npy")
    if not kept.exists():
        for old in file.parent.glob(f"{file.stem}-*.npy"):
            old.unlink()
        part = kept.with_suffix(".part")
        array = np.lib.format.open_memmap(part, "w+", np.uint8, (len(items), *shape))
        if failed := _fill(array, read, items):
            part.unlink()
            raise UnreadablePhotos(failed)
        array.flush()
        part.replace(kept)
    found: Array = np.load(kept, mmap_mode="r")
    return found


def _fill(array: Array, read: Callable[[Any], Array], items: Sequence[Any]) -> dict[str, str]:
    """Fill the array. Returns the items that could not be read, and why."""
    failed: dict[str, str] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for index, made in enumerate(pool.map(lambda item: attempt(read, item), items)):
            if isinstance(made, str):
                failed[str(items[index])] = made
            else:
                array[index] = made
    return failed


def attempt(read: Callable[[Any], T], item: Any) -> T | str:
    """What `read` makes of a photo, or why it cannot be read."""
    try:
        return read(item)
    except PhotoError as error:
        return str(error)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
