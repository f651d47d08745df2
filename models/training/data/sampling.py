"""Sampling: which photos a step of training sees."""

from collections.abc import Sequence

import torch
from torch import Tensor


def class_weights(labels: Tensor, balance: float) -> Tensor:
    """The sampling weight of each photo: n^-balance, where its class has n photos; float64
    (photos,).

    With a balance of 1 classes are sampled equally often, with 0 photos are. In between (Mahajan et
    al. 2018, "Exploring the limits of weakly supervised pretraining", had 0.5) rare classes do not
    repeat the same few photos all the time.
    """
    return labels.bincount().double()[labels].pow(-balance)


def shares(batch: int, folders: int) -> list[int]:
    """How many photos of a batch each folder gives: equally many, the first folders one more where
    that is needed. Raises ValueError where some folder would give none."""
    if not 0 < folders <= batch:
        raise ValueError(f"a batch of {batch} photos is too small for {folders} folders of them")
    return [batch // folders + (index < batch % folders) for index in range(folders)]


def sample_batches(
    weights: Sequence[Tensor], batch: int, steps: int, rng: torch.Generator
) -> list[tuple[Tensor, ...]]:
    """For each step, the indices of photos that each folder gives, sampled by its `weights`.

    A photo may come again: the weights say how often. Raises ValueError for fewer photos a batch
    than folders, and for a folder without photos.
    """
    if empty := [place for place, own in enumerate(weights) if not len(own)]:
        raise ValueError(f"folder {empty[0]} of {len(weights)} has 0 photos to draw from")
    drawn = [
        torch.multinomial(own, steps * share, replacement=True, generator=rng).view(-1, share)
        for own, share in zip(weights, shares(batch, len(weights)), strict=True)
    ]
    return list(zip(*drawn, strict=True))
