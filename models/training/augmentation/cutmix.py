"""Photos with a rectangle of another one, and which class is where."""

from typing import NamedTuple

import torch
from torch import Tensor

from models.training.randomness import rng

_SIDES = (0.35, 0.75)
"""Shortest and longest side of the rectangle, as parts of the photo's."""


class LocatedLabels(NamedTuple):
    """One class for each of n photos, and the part of the photo that shows it.

    `labels`: int64 (n,); `share`: of the photo, so of its label; `regions`: float32 (n, 1, h, w) in
    [0, 1], where evidence for the class may lie; `costs`: (n,), how many times as much it costs
    elsewhere.
    """

    labels: Tensor
    share: float
    regions: Tensor
    costs: Tensor


def located_cutmix(photos: Tensor, part: LocatedLabels) -> tuple[Tensor, list[LocatedLabels]]:
    """Replace a rectangle of each photo, (n, 3, s, s), by that of another one, with its class (Yun
    et al. 2019, CutMix).

    Evidence for each class may lie only in its own part, and there only where it might before.
    Rectangles cover whole cells of the regions.
    """
    cells = part.regions.shape[-1]
    pixels = photos.shape[-1] // cells
    inside = torch.zeros(cells, cells, dtype=torch.bool, device=photos.device)
    top, bottom, left, right = (*_random_stretch(cells), *_random_stretch(cells))
    inside[top:bottom, left:right] = True
    order = torch.randperm(len(photos), device=photos.device)
    mixed = torch.where(
        inside.repeat_interleave(pixels, 0).repeat_interleave(pixels, 1), photos[order], photos
    )
    share = float(inside.float().mean())
    return mixed, [
        part._replace(share=1 - share, regions=part.regions * ~inside),
        LocatedLabels(part.labels[order], share, part.regions[order] * inside, part.costs[order]),
    ]


def _random_stretch(cells: int) -> tuple[int, int]:
    """Where one side of the rectangle begins and ends."""
    length = round(cells * rng.uniform(*_SIDES))
    start = rng.randint(0, cells - length)
    return start, start + length
