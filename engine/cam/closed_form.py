"""Scaled maps in NumPy, for heads that are mean pooling and one linear layer.

There one gradient g_k = W_ck / (h w) holds for a whole feature map, so every method is
ReLU(sum_k v_k A_k), with v by `CLOSED_FORMS`. No torch: its threads would spin on a graph's cores.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


class Cams(NamedTuple):
    """`maps`: float32 (pairs, h, w) in [0, 1]. `peaks`: what each was divided by, (pairs,);
    maps times peaks are comparable between the classes of one photo and method."""

    maps: Array
    peaks: Array


@dataclass(frozen=True)
class ArrayOutput:
    """The result of a forward pass of N photos, float32: `logits` (N, classes), `activations` (N,
    K, h, w)."""

    logits: Array
    activations: Array

    def pooled(self) -> Array:
        """The mean of each feature map, (N, K)."""
        means: Array = self.activations.mean(axis=(2, 3))
        return means


@dataclass(frozen=True)
class LinearHeadOutput(ArrayOutput):
    """`weights`: of the linear layer, (classes, K)."""

    weights: Array

    def cams(self, photos: Sequence[int], classes: Sequence[int], methods: Sequence[str]) -> Cams:
        """The maps of all pairs, each by its own method of CLOSED_FORMS."""
        count, channels, height, width = self.activations.shape
        cells = self.activations.reshape(count, channels, height * width)
        maps = np.empty((len(photos), height * width), np.float32)
        for row, (photo, index, name) in enumerate(zip(photos, classes, methods, strict=True)):
            gradient = self.weights[index] / np.float32(height * width)
            maps[row] = CLOSED_FORMS[name](gradient, cells[photo]) @ cells[photo]
        return scaled_to_peak(maps, height, width)


def scaled_to_peak(maps: Array, height: int, width: int) -> Cams:
    """Maps (pairs, cells), clipped at zero and divided by their maxima, in place."""
    np.maximum(maps, 0, out=maps)
    peak = maps.max(axis=1, keepdims=True)
    maps /= np.where(peak > 0, peak, np.float32(1))
    return Cams(maps.reshape(-1, height, width), peak[:, 0])


def _plain(gradient: Array, cells: Array) -> Array:  # noqa: ARG001 -- as the others
    return gradient


def _positive(gradient: Array, cells: Array) -> Array:  # noqa: ARG001 -- as the others
    return np.maximum(gradient, 0)


def _by_share(gradient: Array, cells: Array) -> Array:
    total = cells.sum(axis=1)
    shared: Array = gradient * total / (total + np.float32(1e-7))
    return shared


def _by_alpha(gradient: Array, cells: Array) -> Array:
    square = gradient * gradient
    alpha = square / (2 * square + cells.sum(axis=1) * square * gradient + np.float32(1e-6))
    weighted: Array = cells.shape[1] * alpha * np.maximum(gradient, 0)
    return weighted


CLOSED_FORMS: dict[str, Callable[[Array, Array], Array]] = {
    "gradcam": _plain,
    "hirescam": _plain,
    "xgradcam": _by_share,
    "gradcam++": _by_alpha,
    "layercam": _positive,
}
"""(g (K,), A (K, cells)) -> v (K,), for each method of `engine.cam.methods`, by its name."""
