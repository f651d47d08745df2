"""The photos that a model is trained on, with leaves, lesions and costs of each."""

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from models.cards.card import Card, file_sha256
from models.cards.class_names import is_healthy
from models.cards.recipe import Training
from models.training.data.array_cache import Array, key_of, memory_mapped
from models.training.data.cutouts import is_plain
from models.training.data.data_folders import DataFolder
from models.training.data.outlines import find_outlines
from models.training.data.photos import read_photo
from models.training.data.regions import Known, lesions_of
from models.training.data.sampling import class_weights, sample_batches, shares
from pictures.segmentation.leaf_mask import SIDE

Indices = tuple[Tensor, ...]
"""The photos of one step: their indices in each folder, int64."""


class TrainingBatch(NamedTuple):
    """n photos of one step, uint8 (n, s, s, 3), with their `leaves` and `lesions`, uint8
    (n, 96, 96, 1), all zero where they are not known, and `labels`, int64 (n,).

    `costs`, float32 (n,): how many times as much evidence at the wrong place costs. `plain`, bool
    (n,): a healthy leaf before white or black.
    """

    photos: Tensor
    leaves: Tensor
    lesions: Tensor
    labels: Tensor
    costs: Tensor
    plain: Tensor

    def to(self, device: torch.device) -> "TrainingBatch":
        return TrainingBatch(*(part.to(device, non_blocking=True) for part in self))


class TrainingSet:
    """The training photos of several folders. Each folder gives an equal part of every batch.

    `outlines`: masks of lesions by photo.
    """

    def __init__(
        self, card: Card, folders: Sequence[DataFolder], outlines: Path | None, cache: Path
    ) -> None:
        """Raises as `find_outlines` does; CardError where the recipe's `balance` is of other
        folders, or a batch has fewer photos than there are folders."""
        recipe, self.classes = card.training, folders[0].train.classes
        try:
            shares(min(stage.batch for stage in recipe.stages), len(folders))
        except ValueError as error:
            raise card.wrong("training.stages", str(error)) from error
        balances = recipe.balance * (len(folders) if len(recipe.balance) == 1 else 1)
        if len(balances) != len(folders):
            message = f"{len(balances)} numbers for {len(folders)} folders of photos"
            raise card.wrong("training.balance", message)
        found = find_outlines(outlines, folders)
        self.outlines = {photo: mask for own in found for photo, mask in own.items()}
        self.parts = [
            FolderPhotos(folder, own, balance, recipe, cache)
            for folder, own, balance in zip(folders, found, balances, strict=True)
        ]

    def __len__(self) -> int:
        return sum(len(part.photos) for part in self.parts)

    def prepare(self) -> None:
        """Find leaves and lesions, and leave out photos that cannot be read. Raises CardError where
        a class has none left, and for an outline that is not one of its photo."""
        for part in self.parts:
            part.prepare()

    def steps(self, batch: int, rng: torch.Generator) -> list[Indices]:
        """The photos of an epoch, step by step: about as many as there are."""
        weights = [part.weights for part in self.parts]
        return sample_batches(weights, batch, max(1, len(self) // batch), rng)

    def load(self, indices: Indices, side: int) -> TrainingBatch:
        """The photos of a step, stretched to `side` x `side`, folder after folder."""
        parts = [part.load(own, side) for part, own in zip(self.parts, indices, strict=True)]
        return TrainingBatch(*(torch.cat(same) for same in zip(*parts, strict=True)))


class FolderPhotos:
    """The training photos of one folder; what is computed of them is kept in `cache`."""

    def __init__(
        self,
        folder: DataFolder,
        outlines: Mapping[str, Path],
        balance: float,
        recipe: Training,
        cache: Path,
    ) -> None:
        self.photos, self._outlines, self._name = folder.train, outlines, folder.name
        self._balance, self._recipe, self._cache = balance, recipe, cache

    def prepare(self) -> None:
        """See `TrainingSet.prepare`. Call this before anything else."""
        self.photos.keep_readable(partial(self.photos.masks, self._file("leaves")))
        _ = self.weights, self.costs

    @cached_property
    def leaves(self) -> Array:
        """uint8 (n, 96, 96, 1)."""
        return self.photos.masks(self._file("leaves"))

    @cached_property
    def lesions(self) -> Array:
        """uint8 (n, 96, 96, 1)."""
        known = [Known(path, self._outlines.get(path)) for path in self.photos.paths]
        drawn = [one.outline and file_sha256(one.outline) for one in known]
        key = key_of(self.photos.key(SIDE), drawn)
        return memory_mapped(lesions_of, known, self._file("lesions"), (SIDE, SIDE, 1), key)

    @cached_property
    def plain(self) -> Tensor:
        """Healthy leaves before white or black, bool (n,)."""
        names = [self.photos.classes[label] for label in self.photos.labels.tolist()]
        file, paths = self._file("plain"), self.photos.paths
        flags = memory_mapped(plain_flag, paths, file, (1, 1, 1), self.photos.key(SIDE))
        healthy = torch.tensor([is_healthy(name) for name in names])
        return torch.from_numpy(flags.reshape(-1) > 0) & healthy

    @cached_property
    def weights(self) -> Tensor:
        """The sampling weights, float64 (n,)."""
        weights = class_weights(self.photos.labels, self._balance)
        weights[self.plain] *= self._recipe.plain_ground
        weights[self._outlined] *= self._recipe.lesions.draw
        return weights

    @cached_property
    def costs(self) -> Tensor:
        """What evidence at the wrong place costs, float32 (n,)."""
        known = torch.from_numpy(self.lesions.any(axis=(1, 2, 3)))
        costs = torch.ones(len(known))
        costs[known & self._outlined] = self._recipe.lesions.outlined
        return costs

    def load(self, indices: Tensor, side: int) -> TrainingBatch:
        """`indices`: int64 (n,)."""
        pixels = self.photos.pixels(side, self._file(f"{side}"))
        photos, leaves, lesions = (
            torch.from_numpy(array[indices.numpy()])
            for array in (pixels, self.leaves, self.lesions)
        )
        labels = self.photos.labels[indices]
        return TrainingBatch(
            photos, leaves, lesions, labels, self.costs[indices], self.plain[indices]
        )

    @cached_property
    def _outlined(self) -> Tensor:
        return torch.tensor([path in self._outlines for path in self.photos.paths])

    def _file(self, what: str) -> Path:
        return self._cache / f"{self._name}-train-{what}.npy"


def plain_flag(path: str) -> Array:
    """Whether a photo's ground is white or black, uint8 (1, 1, 1)."""
    return np.array([[[is_plain(read_photo(path, SIDE))]]], np.uint8)
