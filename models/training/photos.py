"""Leaf folders (`root/Crop__disease/photo.jpg`) as arrays: each photo is decoded once."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor
from torchvision.datasets import ImageFolder

from models.card_errors import CardError
from models.training.background import cut_out
from pictures.leaf_mask import SIDE

Array = npt.NDArray[np.uint8]


class LeafFolder:
    """The photos of an ImageFolder and the class numbers that a model gives them."""

    def __init__(self, root: Path, classes: Sequence[str] | None = None) -> None:
        """`classes` gives the numbers of a model's classes; without it the folders are numbered
        in order. Raises FileNotFoundError without photos, CardError for a folder of another class.
        """
        folder = ImageFolder(str(root))
        self.classes: list[str] = list(classes or folder.classes)
        if strange := set(folder.classes) - set(self.classes):
            raise CardError(f"the model has no class {', '.join(sorted(strange))}, but {root} has")
        self.paths = [path for path, _ in folder.samples]
        numbers = [self.classes.index(folder.classes[label]) for _, label in folder.samples]
        self.labels = torch.tensor(numbers)

    def __len__(self) -> int:
        return len(self.paths)

    def pixels(self, side: int, file: Path) -> Array:
        """Every photo, stretched: uint8 (n, side, side, 3), kept in and mapped from `file`."""
        return memory_mapped(partial(stretched, side=side), self.paths, file, (side, side, 3))

    def masks(self, file: Path) -> Array:
        """Every photo's leaf mask: uint8 (n, 96, 96, 1), all zero where there is none."""
        return memory_mapped(mask_of, self.paths, file, (SIDE, SIDE, 1))


def memory_mapped(
    read: Callable[[Any], Array], items: Sequence[Any], file: Path, shape: tuple[int, int, int]
) -> Array:
    """What `read` makes of each item: uint8 (n, *shape), made once by all cores, kept in and
    mapped from `file`. Raises CardError where the file holds another number of them."""
    if not file.exists():
        part = file.with_suffix(".part")
        array = np.lib.format.open_memmap(part, "w+", np.uint8, (len(items), *shape))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for place, pixels in enumerate(pool.map(read, items)):
                array[place] = pixels
        array.flush()
        part.replace(file)
    kept: Array = np.load(file, mmap_mode="r")
    if kept.shape != (len(items), *shape):
        raise CardError(f"{file} holds {len(kept):,} pictures of another set; remove it")
    return kept


def stretched(path: str, side: int) -> Array:
    """A photo as the model is given it: uint8 (side, side, 3)."""
    with Image.open(path) as photo:
        square = photo.convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
        return np.asarray(square)


def mask_of(path: str) -> Array:
    """The photo's leaf mask, uint8 (96, 96, 1): 255 on the leaf; all zero where none is sure."""
    with Image.open(path) as photo:
        mask = cut_out(photo.convert("RGB"))
    found: npt.NDArray[Any] = np.zeros((SIDE, SIDE)) if mask is None else np.asarray(mask)
    return found.astype(np.uint8)[..., None]


def balanced_draw(labels: Tensor, rng: torch.Generator) -> Tensor:
    """As many places as there are labels, each class equally often: int64 (n,)."""
    share = Counter(labels.tolist())
    weights = torch.tensor([1.0 / share[label] for label in labels.tolist()])
    return torch.multinomial(weights, len(labels), replacement=True, generator=rng)
