"""Numbers and one sentence about a heatmap. A hint, never a proof."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.cards.class_names import is_healthy
from pictures.maps import WHOLE, Box, Map
from pictures.pixels import Pixels
from pictures.rendering.blend import upsample
from pictures.segmentation.leaf_mask import SIDE, leaf_mask
from pictures.segmentation.masks import Mask

FloatMap = npt.NDArray[np.float64]
# Each fires on under 5 % of the validation photos that the bundled model gets right; to be
# looked at again with every new model: `python -m benchmarks.explanations FOLDER`.
_UNIFORM, _SCATTERED, _EDGE, _BACKGROUND = 0.45, 0.05, 1.2, 0.25


class WarningText(NamedTuple):
    """What a warning says, wherever people read it.

    `label`: a mark on a photo of a report. `meaning`: for a legend. `sentence`: what the map
    says. `hint`: what to do about it.
    """

    label: str
    meaning: str
    sentence: str
    hint: str


WARNINGS = {
    "uniform": WarningText(
        "heat everywhere",
        "the map is nearly the same everywhere and names no place",
        "The heat is nearly the same everywhere, so it does not say what the model saw.",
        "Try a sharper photo of a single leaf. Until then use the name only, not the heat.",
    ),
    "scattered": WarningText(
        "heat scattered",
        "the map names no clear place",
        "The heat is scattered over the photo: the model found no clear place to look at.",
        "Try a closer photo of one leaf, in even light.",
    ),
    "edge": WarningText(
        "heat on the border",
        "much of the heat lies along the photo's edge",
        "Much of the heat lies along the photo's edge; the cause may lie outside the leaf.",
        "Take the photo again with the whole leaf inside the picture.",
    ),
    "background": WarningText(
        "heat off the leaf",
        "less than a quarter of the heat lies on the leaf",
        "Much of the heat lies beside the leaf: the model may be judging the background.",
        "Take the photo again in front of a plain background, such as a sheet of paper.",
    ),
}
"""The page has a copy of the hints (web/playground/messages.js); a test compares them."""


_NO_HEAT = "Nothing in this photo speaks for this class, so there is no heat to show."
_WHOLE_LEAF = "The whole leaf speaks for this class, as is expected of a healthy one."
_SMALL_AREA = "The model looked at one small area, as is expected of a local lesion."
_SOME_AREAS = "The model looked at some areas of the leaf more than at others."
SENTENCES = (_NO_HEAT, _WHOLE_LEAF, _SMALL_AREA, _SOME_AREAS)
"""What a map says that has no warning, or no heat."""


@dataclass(frozen=True)
class Diagnostics:
    """The interpretation guide, computed.

    `focus`: 0 when the heat lies everywhere, 1 when it lies in one cell. `border_share`: of
    the heat, in the outermost fourteenth of the photo on each side. `leaf_share`: of the heat,
    on the leaf; None where no leaf was found. `flatness`: the map's 10th percentile over
    its 90th, 1 for a map without any contrast. `warnings`: any of uniform, scattered, edge,
    background. `sentence`: the same in words.
    """

    focus: float
    border_share: float
    leaf_share: float | None
    flatness: float
    warnings: tuple[str, ...]
    sentence: str


def diagnose(
    heatmap: Map, mask: Mask | None, healthy: bool = False, box: Box = WHOLE
) -> Diagnostics:
    """Diagnostics of a map, float32 (h, w) in [0, 1], over a leaf mask as `leaf_mask` gives.

    healthy: the class is a healthy one, whose map is expected to be spread out. box: what the
    map stands for.
    """
    heat = np.asarray(heatmap, np.float64)
    if not heat.sum() > 0:
        return Diagnostics(0.0, 0.0, None, 1.0, ("uniform",), _NO_HEAT)
    share = heat / heat.sum()
    border = _ring(share.shape, box)
    on_leaf = None if mask is None else _share_on(heatmap, mask, box)
    low, high = np.percentile(heat, [10, 90])
    flat = float(low / high) if high > 0 else 0.0
    focus, at_edge = _focus(share), max(0.0, float((share * border).sum()))
    fires = {
        "uniform": flat > _UNIFORM and not healthy,
        "scattered": focus < _SCATTERED and flat <= _UNIFORM and not healthy,
        "edge": at_edge > _EDGE * border.mean(),
        "background": on_leaf is not None and on_leaf < _BACKGROUND,
    }
    warnings = tuple(name for name in WARNINGS if fires[name])
    sentence = _sentence(warnings, focus, healthy)
    rounded = None if on_leaf is None else round(on_leaf, 4)
    return Diagnostics(
        round(focus, 4), round(at_edge, 4), rounded, round(flat, 4), warnings, sentence
    )


def diagnose_photo(heatmap: Map, photo: Pixels, class_name: str, box: Box = WHOLE) -> Diagnostics:
    """Diagnostics of a map of `class_name` ("Crop__disease") over a photo, uint8 (h, w, 3)."""
    return diagnose(heatmap, leaf_mask(photo), is_healthy(class_name), box)


def _focus(share: FloatMap) -> float:
    """1 minus the effective area: exp(entropy) cells of all, scaled so that one cell is 1."""
    used = share[share > 0]
    cells = float(np.exp(-(used * np.log(used)).sum()))
    return 1.0 - (cells - 1.0) / max(share.size - 1, 1)


def _ring(shape: tuple[int, ...], box: Box) -> FloatMap:
    """Each cell's part within the outermost fourteenth on each side, float64 (h, w)."""
    rows = _within(shape[0], box.top, box.bottom)
    columns = _within(shape[1], box.left, box.right)
    return 1.0 - rows[:, None] * columns[None, :]


def _within(count: int, start: float, end: float) -> FloatMap:
    """For each cell, the share of what it covers of the photo that lies within the border.

    0 for a cell that covers nothing of the photo.
    """
    edges = start + np.arange(count + 1) / count * (end - start)
    shown = np.diff(edges.clip(0, 1))
    inside = np.diff(edges.clip(1 / 14, 13 / 14))
    return np.divide(inside, shown, out=np.zeros(count), where=shown > 0)


def _share_on(heatmap: Map, mask: Mask, box: Box) -> float:
    heat = np.maximum(upsample(heatmap, SIDE, SIDE, box), 0.0)
    return float(heat[mask].sum() / heat.sum())


def _sentence(warnings: tuple[str, ...], focus: float, healthy: bool) -> str:
    """The first warning in words; without one, what the map looks like."""
    if warnings:
        return WARNINGS[warnings[0]].sentence
    if healthy:
        return _WHOLE_LEAF
    return _SMALL_AREA if focus > 0.6 else _SOME_AREAS
