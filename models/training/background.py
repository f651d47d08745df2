"""Leaves cut out and laid on other grounds, so that a network cannot learn the table."""

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import Tensor
from torch.nn import functional as F

from pictures.leaf_mask import leaf_mask, shrink, single_leaf

_DRAWN = (80, 80)  # the finest octave has half as many cells; what is larger is only stretched


def cut_out(photo: Image.Image) -> Image.Image | None:
    """A soft mask (mode L, 96 x 96, 255 = leaf) to cut one leaf out by.

    None where no single leaf is told from its ground: better no mask than one that cuts the disease
    away, for its name stays.
    """
    small = shrink(np.asarray(photo))
    leaf = single_leaf(small, leaf_mask(small))
    if leaf is None:
        return None
    hard = Image.fromarray(leaf.astype(np.uint8) * 255)
    return hard.filter(ImageFilter.GaussianBlur(0.7))


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


def on_grounds(photos: Tensor, masks: Tensor, share: float, black: float = 0.0) -> Tensor:
    """A `share` of the photos, (N, 3, s, s) in [0, 1], laid on other grounds where they have a
    mask, (N, 1, 96, 96) in [0, 1]; `black` is the part of those grounds that are just black."""
    known = masks.flatten(1).amax(1) > 0.5
    chosen = (known & (torch.rand(len(photos), device=photos.device) < share)).nonzero()[:, 0]
    if not len(chosen):
        return photos
    soft = F.interpolate(masks[chosen], size=photos.shape[-2:], mode="bilinear")
    grounds = random_grounds(len(chosen), photos.shape[-1], photos.device)
    grounds[torch.rand(len(chosen), device=photos.device) < black] = 0
    return photos.index_copy(0, chosen, torch.lerp(grounds, photos[chosen], soft))


def without_leaves(photos: Tensor, masks: Tensor, count: int) -> Tensor:
    """`count` pictures that show no leaf: bare grounds, and photos whose leaf is cut out and its
    place filled with another texture, so that neither outline nor table is enough."""
    known = (masks.flatten(1).amax(1) > 0.5).nonzero()[: count // 2, 0]
    grounds = random_grounds(count, photos.shape[-1], photos.device)
    soft = F.interpolate(masks[known], size=photos.shape[-2:], mode="bilinear")
    filled = torch.lerp(photos[known], grounds[: len(known)], soft)
    return torch.cat([filled, grounds[len(known) :]])


def resized(scenes: Tensor, side: int) -> Tensor:
    """Drawn scenes, (N, 3, s, s) in [0, 1], as large as the photos that they go with."""
    return F.interpolate(scenes, size=(side, side), mode="bilinear", antialias=True)
