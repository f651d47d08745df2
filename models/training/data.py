"""Leaf folders as data sets: `root/Crop__disease/photo.jpg`."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset, WeightedRandomSampler
from torchvision.datasets import ImageFolder

from models.catalog import CardError
from models.training.background import leaf_mask, on_ground, random_ground

Transform = Callable[[Image.Image], Tensor]


class LeafFolder(Dataset[tuple[Tensor, int]]):
    """Photos of an ImageFolder; a share of them gets another background.

    Masks are made once a photo and kept (9 kB each), so keep the workers alive.
    """

    def __init__(
        self,
        root: Path,
        transform: Transform,
        background: float = 0.0,
        classes: Sequence[str] | None = None,
    ) -> None:
        """`classes` gives the numbers of a model's classes; without it the folders are numbered
        in order. Raises FileNotFoundError without photos, CardError for a folder of another class.
        """
        folder = ImageFolder(str(root))
        self.classes: list[str] = list(classes or folder.classes)
        if strange := set(folder.classes) - set(self.classes):
            raise CardError(f"the model has no class {', '.join(sorted(strange))}, but {root} has")
        self.samples: list[tuple[str, int]] = [
            (path, self.classes.index(folder.classes[label])) for path, label in folder.samples
        ]
        self.transform, self.background = transform, background
        self._masks: dict[int, Image.Image | None] = {}

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        path, label = self.samples[index]
        with Image.open(path) as file:
            photo = file.convert("RGB")
        rng = np.random.default_rng(int(torch.randint(2**31, (1,))))
        if rng.random() < self.background:
            photo = self._elsewhere(index, photo, rng)
        return self.transform(photo), label

    def _elsewhere(self, index: int, photo: Image.Image, rng: np.random.Generator) -> Image.Image:
        if index not in self._masks:
            self._masks[index] = leaf_mask(photo)
        mask = self._masks[index]
        return photo if mask is None else on_ground(photo, mask, random_ground(rng))


def balanced_sampler(data: LeafFolder) -> WeightedRandomSampler:
    """Draws each class equally often; an epoch is as many draws as there are photos."""
    labels = [label for _, label in data.samples]
    share = Counter(labels)
    return WeightedRandomSampler([1.0 / share[label] for label in labels], len(labels))
