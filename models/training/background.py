"""Leaves cut out and laid on other grounds, so that a network cannot learn the table."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from pictures.masks import fill_holes, otsu_threshold

_SIDE = 96
_MIN_SHARE, _MAX_SHARE = 0.10, 0.90
_MAX_LEAF_ON_EDGE, _MAX_EDGE_SPREAD, _MAX_EDGE_CHROMA = 0.4, 14.0, 18.0


def _edge(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])


def leaf_mask(photo: Image.Image) -> Image.Image | None:
    """A soft mask (mode L, 96 x 96, 255 = leaf) of one leaf on an even, colourless ground.

    What differs in chroma from the photo's border is leaf. None where the border is
    uneven or the outcome does not look like a single leaf: better no mask than a wrong one.
    """
    lab = np.asarray(photo.resize((_SIDE, _SIDE)).convert("LAB"), dtype=np.int16)
    chroma = (lab[..., 1:] + 128) % 256 - 128
    ground = np.median(_edge(chroma), axis=0)
    distance = np.abs(chroma - ground).sum(axis=2)
    if np.percentile(_edge(distance), 60) > _MAX_EDGE_SPREAD:
        return None
    if np.abs(ground).sum() > _MAX_EDGE_CHROMA:
        return None
    grey = Image.fromarray(np.clip(distance * 3, 0, 255).astype(np.uint8))
    smooth = np.asarray(grey.filter(ImageFilter.GaussianBlur(0.8)))
    mask = fill_holes(smooth > otsu_threshold(smooth))
    if not _MIN_SHARE < mask.mean() < _MAX_SHARE or _edge(mask).mean() > _MAX_LEAF_ON_EDGE:
        return None
    hard = Image.fromarray(mask.astype(np.uint8) * 255)
    return hard.filter(ImageFilter.GaussianBlur(0.7))


def random_ground(rng: np.random.Generator, side: int = _SIDE) -> Image.Image:
    """Soil-, canopy- or table-like texture: octaves of noise on a random colour."""
    canvas = np.zeros((side, side, 3), np.float32) + rng.uniform(20, 235, 3).astype(np.float32)
    for cells in (2, 5, 13, 40):
        light = rng.normal(0, rng.uniform(2, 40), (cells, cells, 1))
        tint = rng.normal(0, rng.uniform(1, 12), (cells, cells, 3))
        noise = (light + tint + 128).clip(0, 255).astype(np.uint8)
        octave = Image.fromarray(noise).resize((side, side), Image.Resampling.BILINEAR)
        canvas += np.asarray(octave, np.float32) - 128
    return Image.fromarray(canvas.clip(0, 255).astype(np.uint8))


def on_ground(photo: Image.Image, mask: Image.Image, ground: Image.Image) -> Image.Image:
    """The part of the photo under `mask`, laid on `ground`; both are stretched to its size."""
    soft = mask.resize(photo.size, Image.Resampling.BICUBIC)
    return Image.composite(photo, ground.resize(photo.size, Image.Resampling.BILINEAR), soft)
