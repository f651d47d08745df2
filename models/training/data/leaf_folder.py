"""A folder of photos, one folder a class (`root/Crop__disease/photo.jpg`), as arrays: each photo is
decoded once."""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from pathlib import Path
from typing import TypeVar

import torch

from models.card_errors import CardError
from models.training.data.array_cache import Array, key_of, memory_mapped
from models.training.data.class_folders import class_folders, notes_on
from models.training.data.photos import mask_of, stretched
from pictures.segmentation.leaf_mask import SIDE
from pictures.unreadable_photos import UnreadablePhotos, try_read, unreadable_lines

T = TypeVar("T")
DECODING = 3
"""Part of the key of decoded photos that are kept: higher when they come out otherwise."""


class LeafFolder:
    """The photos of a folder with one folder a class, and the model's numbers of these classes.

    `notes`: sentences about files that were ignored. `unreadable`: photos that were left out, by
    path, with the reason.
    """

    def __init__(self, root: Path, classes: Sequence[str] | None = None) -> None:
        """`classes` gives the numbers of a model's classes; without it the folders are numbered
        in order. Raises FileNotFoundError without photos, CardError for a folder of another class.
        """
        found = class_folders(root)
        names = sorted({folder.name for folder in found if folder.files.paths})
        self.classes: list[str] = list(classes or names)
        if strange := set(names) - set(self.classes):
            raise CardError(f"the model has no class {', '.join(sorted(strange))}, but {root} has")
        pairs = [(os.fspath(path), one.name) for one in found for path in one.files.paths]
        self.paths = [path for path, _ in pairs]
        self.labels = torch.tensor([self.classes.index(name) for _, name in pairs])
        self.notes, self.unreadable = notes_on(root, found), dict[str, str]()

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def absent(self) -> list[str]:
        """Classes without a photo."""
        met = set(self.labels.tolist())
        return [name for index, name in enumerate(self.classes) if index not in met]

    @cached_property
    def digests(self) -> dict[str, str]:
        """SHA-256 of every photo by its path; empty for one that cannot be read."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return dict(zip(self.paths, pool.map(_digest, self.paths), strict=True))

    def leave_out(self, photos: dict[str, str]) -> None:
        """Continue without these photos, given with the reasons. Raises CardError where none is
        left."""
        keep = [index for index, path in enumerate(self.paths) if path not in photos]
        if not keep:
            why = "; ".join(unreadable_lines(photos))
            raise CardError(f"none of the {len(self):,} photos can be read: {why}")
        self.paths, self.labels = [self.paths[index] for index in keep], self.labels[keep]
        self.unreadable |= photos

    def keep_at_most(self, count: int) -> None:
        """Continue with every second photo, or third, and so on: with at most `count`."""
        step = -(-len(self) // count)
        self.paths, self.labels = self.paths[::step], self.labels[::step]

    def keep_readable(self, read: Callable[[], Array]) -> None:
        """Leave out the photos that `read`, a method of this folder, fails on.

        Raises CardError where a class that had photos then has none.
        """
        try:
            read()
        except UnreadablePhotos as error:
            before = set(self.absent)
            self.leave_out(error.photos)
            if lost := set(self.absent) - before:
                why = "; ".join(unreadable_lines(error.photos))
                raise CardError(
                    f"no photo of {', '.join(sorted(lost))} can be read: {why}"
                ) from None
            read()

    def each(self, read: Callable[[str], T]) -> Iterator[T]:
        """What `read` makes of one photo after the other. After all were tried, those that cannot
        be read are left out. Raises CardError where that is all of them."""
        failed: dict[str, str] = {}
        for path in self.paths:
            made = try_read(read, path)
            if isinstance(made, str):
                failed[path] = made
            else:
                yield made
        self.leave_out(failed)

    def pixels(self, side: int, file: Path) -> Array:
        """Every photo, stretched: uint8 (n, side, side, 3), kept under the name of `file` with a
        key. Raises UnreadablePhotos for photos that cannot be read."""
        return self._mapped(partial(stretched, side=side), file, (side, side, 3))

    def masks(self, file: Path) -> Array:
        """Every photo's leaf mask: uint8 (n, 96, 96, 1), all zero where there is none; kept as
        pixels are. Raises UnreadablePhotos for photos that cannot be read."""
        return self._mapped(mask_of, file, (SIDE, SIDE, 1))

    def key(self, *more: object) -> str:
        """A key that differs for other photos, another order, or something else in `more`."""
        return key_of(DECODING, *more, [self.digests[path] for path in self.paths])

    def _mapped(
        self, read: Callable[[str], Array], file: Path, shape: tuple[int, int, int]
    ) -> Array:
        return memory_mapped(read, self.paths, file, shape, self.key(shape))


def _digest(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""  # reading the photo will tell why
