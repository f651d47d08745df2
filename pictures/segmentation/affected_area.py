"""How much of a leaf is ill, by colour: the share of its area that phytopathology calls severity.

A rule of thumb without a model, for one leaf that is told from its ground; what it is worth is in
the docs, and measured by `cropshield evaluate --lesions`.
"""

import numpy as np
import numpy.typing as npt

from pictures.pixels import Pixels
from pictures.segmentation.leaf_mask import inner_part, shrink
from pictures.segmentation.masks import Mask

_OWN_GREEN, _KEPT, _LEAST_GREEN = 20, 0.5, -8.0
"""The leaf's own green is that of its greenest fifth; what has kept less than half of it is ill. A
leaf whose own green is less than that of a* = -8 has none to compare with."""
_FEWEST = 50
_LINEAR = np.where(
    np.arange(256) > 10,
    ((np.arange(256) / 255 + 0.055) / 1.055) ** 2.4,
    np.arange(256) / 255 / 12.92,
).astype(np.float32)
_TO_X, _TO_Y = (
    np.array(weights, np.float32)
    for weights in (
        (0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047),
        (0.2126729, 0.7151522, 0.0721750),
    )
)


def affected_share(photo: Pixels, leaf: Mask | None) -> float | None:
    """The share of `leaf`, bool (96, 96) as `single_leaf` gives it, that is ill, in [0, 1].

    photo: uint8 (h, w, 3) RGB, upright. Ill is what has lost more than half of the leaf's own
    green. The rim of the leaf is left out, since it takes on the colour of the ground. None for no
    leaf, for one with hardly anything within its rim, and for one without green.
    """
    if leaf is None:
        return None
    inner = inner_part(leaf)
    if inner.sum() < _FEWEST:
        return None
    green = redness(shrink(photo)[inner])
    own = float(np.percentile(green, _OWN_GREEN))
    return None if own > _LEAST_GREEN else float((green > _KEPT * own).mean())


def redness(rgb: Pixels) -> npt.NDArray[np.float32]:
    """a* of CIELAB, float32 (...), of sRGB, uint8 (..., 3): below 0 for green, above 0 for red.
    CIE 015:2004 with the white of D65."""
    linear = _LINEAR[rgb]
    found: npt.NDArray[np.float32] = 500 * (_response(linear @ _TO_X) - _response(linear @ _TO_Y))
    return found


def _response(light: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The cube root; near black a straight line."""
    return np.where(light > 216 / 24389, np.cbrt(light), (24389 / 27 * light + 16) / 116)
