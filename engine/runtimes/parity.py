"""Whether two runtimes agree about the same photos."""

from functools import cache

import numpy as np
import numpy.typing as npt

from engine.cam.array_output import Array
from engine.photos.prepare import prepare
from engine.runtimes.base import RuntimeOutput
from models.cards.card import Card, Preprocessing
from models.verdicts.confidence import confidences
from models.verdicts.verdict import top_two_margins
from pictures.drawn_leaves.leaves import KINDS, draw_leaf

MARGIN = 0.02
"""Below float32, two classes closer than this in confidence may swap ranks."""
MAX_DRIFT = 0.05
"""Most that a map may move below float32, in mean absolute difference, over many photos."""
_EXACT, _CONFIDENCE, _BEST = 1e-4, 0.05, 3
_DRIFT_AT_LOAD = 0.02  # stricter: a few drawn leaves prove less than many photos


def disagreement(reference: RuntimeOutput, other: RuntimeOutput, half: bool = False) -> str:
    """Where `other` disagrees with `reference` about a batch; empty where they agree.

    In float32 confidences and maps (of the three best classes) agree to 1e-4, cell by cell. In
    bfloat16 (`half`) a best class whose margin is above MARGIN stays the best, confidences differ
    by less than 0.05 and a map by less than 0.02 in the mean.
    """
    ours, theirs = (confidences(output.logits) for output in (reference, other))
    best = np.argsort(-ours, axis=1, kind="stable")[:, :_BEST]
    sure = top_two_margins(ours) > MARGIN
    if not np.array_equal(theirs.argmax(axis=1)[sure], best[sure, 0]):
        return "another best class"
    apart, limit = float(np.abs(ours - theirs).max()), _CONFIDENCE if half else _EXACT
    if not apart <= limit:
        return f"confidences {apart:.2g} apart (limit {limit})"
    moved = np.abs(_maps(reference, best) - _maps(other, best))
    apart = float(moved.mean(axis=(1, 2)).max() if half else moved.max())
    limit = _DRIFT_AT_LOAD if half else _EXACT
    return "" if apart <= limit else f"maps {apart:.2g} apart (limit {limit})"


def probe_batch(card: Card, count: int = len(KINDS)) -> Array:
    """Drawn leaves, one of each kind, as the model's input: float32 (count, 3, size, size)."""
    return _probe_batch(card.preprocessing)[:count]


@cache
def _probe_batch(preprocessing: Preprocessing) -> Array:
    side = max(preprocessing.size, 128)
    leaves = [draw_leaf(kind, seed, (side, side)) for seed, kind in enumerate(KINDS)]
    return prepare([np.asarray(leaf.photo) for leaf in leaves], preprocessing)


def _maps(output: RuntimeOutput, classes: npt.NDArray[np.intp]) -> Array:
    """Grad-CAM of `classes` (N, k), float32 (N k, h, w)."""
    photos = [photo for photo, own in enumerate(classes) for _ in own]
    return output.cams(photos, classes.flatten().tolist(), ["gradcam"] * len(photos)).maps
