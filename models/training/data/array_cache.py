"""Arrays that are computed once and memory-mapped from the disk."""

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pictures.unreadable_photos import UnreadablePhotos, try_read

Array = npt.NDArray[np.uint8]


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
        for index, made in enumerate(pool.map(lambda item: try_read(read, item), items)):
            if isinstance(made, str):
                failed[str(items[index])] = made
            else:
                array[index] = made
    return failed
