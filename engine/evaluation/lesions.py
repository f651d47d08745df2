"""How well a map finds the disease, judged by outlined lesions.

Photo, mask and map are all stretched to SIDE x SIDE pixels. Each function judges one map; `summary`
takes several together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from statistics import fmean, median
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from pictures.maps import WHOLE, Box, Map
from pictures.pixels import Pixels
from pictures.rendering.blend import upsample
from pictures.segmentation.lesion_masks import GROUND, LEAF, LESION
from pictures.segmentation.masks import Mask

SIDE, TOLERANCE = 256, 15


class Outline(NamedTuple):
    """What is outlined on a photo, bool (SIDE, SIDE). `leaf` includes the lesions; it is the whole
    photo where no leaf is outlined."""

    lesions: Mask
    leaf: Mask


@dataclass(frozen=True)
class Localisation:
    """One map against an outline: see the functions of these names. `right`: whether the model
    names the class explained; `empty`: a map without any heat, which points nowhere (`pointing`
    and `lift` 0, `auc` 0.5)."""

    pointing: float
    chance: float
    auc: float
    lift: float
    right: bool
    empty: bool


def outline_of(mask: Pixels) -> Outline | None:
    """The outline in a mask, uint8 (h, w) of 0 (ground), 1 (leaf) and 2 (lesion).

    None where there is nothing to tell apart: no lesion, or nothing but lesions.
    """
    square = np.asarray(Image.fromarray(mask).resize((SIDE, SIDE), Image.Resampling.NEAREST))
    lesions = square == LESION
    leaf = square != GROUND if (square == LEAF).any() else np.ones_like(lesions)
    return Outline(lesions, leaf) if 0 < lesions.sum() < leaf.sum() else None


def measure(
    heatmap: Map, outline: Outline, box: Box = WHOLE, *, right: bool = True
) -> Localisation:
    """The figures of a map, float32 (h, w), not below zero, which stands for `box` of the photo."""
    heat = upsample(heatmap, SIDE, SIDE, box)
    lesions, leaf = outline
    nearby = near(lesions)
    return Localisation(
        pointing=pointing(heat, nearby),
        chance=float(nearby[leaf].mean()),
        auc=auc(heat[leaf], lesions[leaf]),
        lift=lift(heat, lesions, leaf),
        right=right,
        empty=not heat.max() > 0,
    )


def near(lesions: Mask, distance: int = TOLERANCE) -> Mask:
    """What lies within `distance` pixels of a lesion, itself included; bool (h, w) as `lesions`."""
    height = len(lesions)
    found = np.zeros_like(lesions)
    for down in range(-min(distance, height - 1), min(distance, height - 1) + 1):
        wide = _widened(lesions, isqrt(distance**2 - down**2))
        found[max(0, down) : height + min(0, down)] |= wide[max(0, -down) : height - max(0, down)]
    return found


def pointing(heat: Map, nearby: Mask) -> float:
    """1 if the hottest pixel lies where `nearby` is True, else 0; of several equally hot ones the
    share that does; 0 for a map without heat.

    Zhang et al. 2018, Top-down Neural Attention by Excitation Backprop, section 4.2, which allows a
    tolerance of 15 pixels. By chance it is the share of the leaf that is True.
    """
    peak = heat.max()
    return float(nearby[heat == peak].mean()) if peak > 0 else 0.0


def auc(heat: Map, lesions: Mask) -> float:
    """The chance that a pixel on a lesion is hotter than one beside, ties counted half; 0.5 for a
    random map. heat, lesions: (n,), of the leaf alone.

    (R - n (n + 1) / 2) / (n m), where R is the sum of the ranks of the n pixels on lesions among
    all n + m (Mann and Whitney 1947; Hanley and McNeil 1982). Raises ValueError for n or m of 0.
    """
    hot, cold = int(lesions.sum()), int((~lesions).sum())
    if not hot or not cold:
        raise ValueError(f"{hot} places on lesions and {cold} beside; needed is one of each")
    _, level, equal = np.unique(heat, return_inverse=True, return_counts=True)
    ranks = np.cumsum(equal) - (equal - 1) / 2
    total = float(ranks[level[lesions]].sum())
    return (total - hot * (hot + 1) / 2) / (hot * cold)


def lift(heat: Map, lesions: Mask, leaf: Mask) -> float:
    """Share of all heat that lies on lesions, over their share of the leaf: 1 for heat that covers
    the leaf evenly and nothing else; 0 for a map without heat. heat: (h, w), not below zero."""
    total = float(heat.sum(dtype=np.float64))
    if not total > 0:
        return 0.0
    share = float(heat[lesions].sum(dtype=np.float64)) / total
    return share * float(leaf.sum()) / float(lesions.sum())


def summary(found: Sequence[Localisation]) -> dict[str, float]:
    """The figures over all photos.

    `pointing` and its `chance` are means, `auc` and `lift` medians. `empty`: the share of maps
    without heat. `right`: the share of photos whose class is right. Names that end in `_right` are
    figures of these photos alone, and are left out where there are none.
    """
    right = [one for one in found if one.right]
    figures: dict[str, float] = {
        "photos": len(found),
        **_figures(found),
        "empty": fmean(one.empty for one in found),
        "right": len(right) / len(found),
        **{f"{name}_right": value for name, value in _figures(right).items()},
    }
    return {name: round(value, 4) for name, value in figures.items()}


def _figures(found: Sequence[Localisation]) -> dict[str, float]:
    if not found:
        return {}
    return {
        "pointing": fmean(one.pointing for one in found),
        "chance": fmean(one.chance for one in found),
        "auc": median(one.auc for one in found),
        "lift": median(one.lift for one in found),
    }


def _widened(mask: Mask, across: int) -> Mask:
    """True within `across` columns of what is True, row by row."""
    sums: npt.NDArray[np.int32] = np.cumsum(
        np.pad(mask, ((0, 0), (across + 1, across))), axis=1, dtype=np.int32
    )
    window = 2 * across + 1
    return np.asarray(sums[:, window:] > sums[:, :-window])
