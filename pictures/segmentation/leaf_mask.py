"""Where the leaf is, by colour: on tables, on soil, and among other leaves.

A rule of thumb without a model, for one number of the diagnostics and for laying leaves on other
grounds; the docs say how good it is.
"""

from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from pictures.pixels import Pixels
from pictures.segmentation.masks import (
    Mask,
    as_bytes,
    closed,
    connected_parts,
    eroded,
    fill_holes,
    majority,
)

Number = TypeVar("Number", np.int16, np.float32, np.bool_)
FloatMap = npt.NDArray[np.float64]
SIDE = 96
_BLUR = 0.8  # pixels, the deviation of the blur that takes away grain
GREEN, _TABLE, _SHADE = 0.06, 11.0, 45.0
_FEWEST = 0.04
_AREA, _MAX_ON_BORDER, _MIN_IN_ONE, _MAX_SPREAD = (0.1, 0.9), 0.7, 0.93, 13.0


def shrink(photo: Pixels) -> Pixels:
    """The photo averaged to the size of its mask, uint8 (96, 96, 3).

    The functions of this module take it in place of the photo, and then need not shrink it again.
    """
    if photo.shape[:2] == (SIDE, SIDE):
        return photo
    return np.asarray(cv2.resize(photo, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def leaf_mask(photo: Pixels) -> Mask | None:
    """True on the leaf, bool (96, 96) stretched over the whole photo, uint8 (h, w, 3) RGB.

    What differs in colour from the ground is leaf; ground is what is not green along the
    photo's border. Where the border is all green, a bright leaf before darker ones is leaf,
    else everything green, perhaps the whole photo. None where almost nothing is: better no
    mask than a wrong one.
    """
    small = np.asarray(cv2.GaussianBlur(shrink(photo), (0, 0), _BLUR), np.uint8)
    green = excess_green(small)
    border = border_of(green) < GREEN
    if border.mean() < 0.1:
        bright = _before_shade(np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8))
        mask = green > GREEN / 2 if bright is None else bright
    else:
        mask = _unlike_ground(chroma(small), border) | (green > 2 * GREEN)
    mask = fill_holes(tidy(mask))
    return mask if mask.mean() > _FEWEST else None


def single_leaf(photo: Pixels, found: Mask | None) -> Mask | None:
    """The mask of one whole leaf, bool (96, 96). `found`: the photo's `leaf_mask`.

    None where there is no leaf, or where its diseased part may be missing from the mask: the leaf
    fills the photo, is found in pieces, or lies on a ground of many colours.
    """
    if found is None or not _AREA[0] < found.mean() < _AREA[1]:
        return None
    leaf = main_part(found)
    whole = leaf.sum() > _MIN_IN_ONE * found.sum() and border_of(leaf).mean() < _MAX_ON_BORDER
    return leaf if whole and _spread_of_ground(photo, leaf) <= _MAX_SPREAD else None


def _spread_of_ground(photo: Pixels, leaf: Mask) -> float:
    """How far from their median nine tenths of the ground's colours lie, in steps of Cb + Cr."""
    ground = chroma(shrink(photo))[~leaf]
    return float(np.percentile(_steps(ground, np.median(ground, axis=0)), 90))


def excess_green(rgb: Pixels) -> npt.NDArray[np.float32]:
    """(2 G - R - B) / (R + G + B), float32 (h, w). Woebbecke et al. 1995."""
    red, green, blue = np.moveaxis(rgb.astype(np.float32), 2, 0)
    total = red + green + blue
    found: npt.NDArray[np.float32] = (3 * green - total) / (total + 30.0)
    return found  # dark pixels have no colour worth the name


def chroma(rgb: Pixels) -> npt.NDArray[np.int16]:
    """Cr and Cb, int16 (h, w, 2)."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb), np.int16)[..., 1:]


def border_of(values: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """The values along the four sides, (2 h + 2 w - 4, ...) of (h, w, ...)."""
    return np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]])


def _unlike_ground(colours: npt.NDArray[np.int16], border: npt.NDArray[np.bool_]) -> Mask:
    """Further from the ground's colour than the ground's own spread."""
    ground = border_of(colours)[border]
    middle = np.median(ground, axis=0)
    distance = _steps(colours, middle)
    spread = float(np.percentile(_steps(ground, middle), 70))
    level = _otsu(np.clip(distance * 3, 0, 255).astype(np.uint8)) / 3
    return np.asarray(distance > max(spread, min(level, _TABLE)))


def _steps(colours: npt.NDArray[np.int16], middle: npt.NDArray[np.float64]) -> FloatMap:
    """How far each of `colours`, (..., 2), lies from `middle`, (2,), in steps of Cb + Cr, (...)."""
    apart = np.abs(colours - middle)
    steps: FloatMap = apart[..., 0] + apart[..., 1]  # `sum` is slow over an axis of two
    return steps


def _before_shade(light: Pixels) -> Mask | None:
    """The brighter part, where it fills the middle, leaves the border, and is much brighter."""
    level = _otsu(light)
    bright = light > level
    quarter = SIDE // 4
    middle, border = bright[quarter:-quarter, quarter:-quarter].mean(), border_of(bright).mean()
    if middle < 0.6 or border > 0.5 or light[bright].mean() - light[~bright].mean() < _SHADE:
        return None
    return bright


def _otsu(values: Pixels) -> float:
    """The grey level, uint8 (h, w), with the largest variance between what is at most as bright and
    the rest (Otsu 1979)."""
    level, _ = cv2.threshold(values, 0, 255, cv2.THRESH_OTSU)
    return level


def tidy(mask: Mask) -> Mask:
    """Without specks (a 5 x 5 majority), narrow gaps such as white midribs closed."""
    return closed(majority(mask, 5), 7)


def inner_part(mask: Mask) -> Mask:
    """`mask` without its outermost 3 pixels, bool (h, w)."""
    return eroded(mask, 7)


def main_part(mask: Mask) -> Mask:
    """The connected part of `mask` that holds its innermost place; bool (h, w), not empty."""
    width = 2 * (SIDE // 16) + 1
    depth = cv2.blur(
        as_bytes(mask) * np.uint8(255), (width, width), borderType=cv2.BORDER_REPLICATE
    )
    labels = connected_parts(mask).labels
    innermost = labels.flat[np.where(mask, depth, 0).argmax()]
    return np.asarray(labels == innermost)
