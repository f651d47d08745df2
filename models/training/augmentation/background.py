"""Leaves pasted on other grounds, so that a network cannot learn the background."""

import torch
from torch import Tensor
from torch.nn import functional as F

from models.training.randomness import rng

_DRAWN = (80, 80)  # the finest octave has half as many cells; what is larger is only stretched
_BLURRED_TO, _LEAST_PART = (16, 32, 64, 160), 0.3


def random_grounds(count: int, side: int, device: torch.device) -> Tensor:
    """Soil-, canopy- or table-like textures: octaves of noise on random colours.

    float32 (count, 3, side, side) in [0, 1].
    """
    canvas = torch.empty(count, 3, 1, 1, device=device).uniform_(0.08, 0.92)
    canvas = canvas.expand(count, 3, *_DRAWN)
    for cells in (2, 5, 13, 40):
        light = torch.empty(count, 1, 1, 1, device=device).uniform_(0.01, 0.16)
        tint = torch.empty(count, 1, 1, 1, device=device).uniform_(0.00, 0.05)
        noise = light * torch.randn(count, 1, cells, cells, device=device)
        noise = noise + tint * torch.randn(count, 3, cells, cells, device=device)
        canvas = canvas + F.interpolate(noise, size=_DRAWN, mode="bilinear")
    return F.interpolate(canvas.clamp(0, 1), size=(side, side), mode="bilinear")


def photo_grounds(photos: Tensor, masks: Tensor, count: int) -> Tensor:
    """`count` blurred parts of the photos that have no mask, which are mostly from the field.

    As sharp as a photo of 16 to 160 pixels: another leaf's surroundings without its disease.
    Textures, where every photo has a mask.
    """
    others, side = photos[masks.flatten(1).amax(1) <= 0.5], photos.shape[-1]
    if not len(others):
        return random_grounds(count, side, photos.device)
    chosen = others[torch.randint(len(others), (count,), device=photos.device)]
    soft = resized(resized(chosen, rng.choice(_BLURRED_TO)), side)
    part = torch.empty(count, 1, 1, device=photos.device).uniform_(_LEAST_PART, 1)
    middle = torch.eye(2, 3, device=photos.device) * part
    grid = F.affine_grid(middle, [count, 3, side, side], align_corners=False)
    return F.grid_sample(soft, grid, padding_mode="reflection", align_corners=False)


def on_grounds(
    photos: Tensor, masks: Tensor, share: float | Tensor, black: float = 0.0, borrowed: float = 0.0
) -> Tensor:
    """A `share` of the photos, (N, 3, s, s) in [0, 1], pasted on other grounds where they have a
    mask, (N, 1, 96, 96) in [0, 1]; one share for all, or one for each, (N,).

    `borrowed` is the share of those grounds that are parts of other photos, `black` the share that
    are plain black.
    """
    known = masks.flatten(1).amax(1) > 0.5
    chosen = (known & (torch.rand(len(photos), device=photos.device) < share)).nonzero()[:, 0]
    if not len(chosen):
        return photos
    soft = F.interpolate(masks[chosen], size=photos.shape[-2:], mode="bilinear")
    grounds = random_grounds(len(chosen), photos.shape[-1], photos.device)
    taken = (torch.rand(len(chosen), device=photos.device) < borrowed).nonzero()[:, 0]
    if len(taken):
        grounds = grounds.index_copy(0, taken, photo_grounds(photos, masks, len(taken)))
    grounds[torch.rand(len(chosen), device=photos.device) < black] = 0
    return photos.index_copy(0, chosen, torch.lerp(grounds, photos[chosen], soft))


def without_leaves(photos: Tensor, masks: Tensor, count: int) -> Tensor:
    """`count` pictures without a leaf: grounds alone, and photos whose leaf is replaced by another
    texture, so that neither outline nor background tells a leaf."""
    known = (masks.flatten(1).amax(1) > 0.5).nonzero()[: count // 2, 0]
    grounds = random_grounds(count, photos.shape[-1], photos.device)
    soft = F.interpolate(masks[known], size=photos.shape[-2:], mode="bilinear")
    filled = torch.lerp(photos[known], grounds[: len(known)], soft)
    return torch.cat([filled, grounds[len(known) :]])


def resized(pictures: Tensor, side: int) -> Tensor:
    """(N, 3, h, w) -> (N, 3, side, side)."""
    return F.interpolate(pictures, size=(side, side), mode="bilinear", antialias=True)
