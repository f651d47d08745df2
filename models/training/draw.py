"""Which photos a step of training sees."""

from collections.abc import Sequence

import torch
from torch import Tensor


def class_weights(labels: Tensor, balance: float) -> Tensor:
    """By what each photo is drawn: n^-balance, where its class has n photos; float64 (photos,).

    With a balance of 1 classes come equally often, with 0 photos do. Between them (Mahajan et al.
    2018, "Exploring the limits of weakly supervised pretraining", had 0.5) rare classes are not
    the same few photos all the time.
    """
    return labels.bincount().double()[labels].pow(-balance)


def shares(batch: int, folders: int) -> list[int]:
    """How many photos of a batch each folder gives: alike, the first ones one more if need be."""
    return [batch // folders + (place < batch % folders) for place in range(folders)]


def draw_steps(
    weights: Sequence[Tensor], batch: int, steps: int, rng: torch.Generator
) -> list[tuple[Tensor, ...]]:
    """For every step the places of the photos that each folder gives, drawn by its `weights`.

    A photo may come again: the weights say how often.
    """
    drawn = [
        torch.multinomial(own, steps * share, replacement=True, generator=rng).view(-1, share)
        for own, share in zip(weights, shares(batch, len(weights)), strict=True)
    ]
    return list(zip(*drawn, strict=True))
