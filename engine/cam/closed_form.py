"""The methods in closed form, in NumPy, for heads that are mean pooling and one linear layer.

There one gradient g_k = W_ck / (h w) holds for a whole feature map A_k, so every method is
ReLU(sum_k v_k A_k), with channel weights v by `CLOSED_FORMS`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.cam.array_output import Array, ArrayOutput, Cams, scaled_to_peak


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


def _grad_cam_weights(gradient: Array, cells: Array) -> Array:  # noqa: ARG001 -- as the others
    return gradient


def _x_grad_cam_weights(gradient: Array, cells: Array) -> Array:
    total = cells.sum(axis=1)
    weighted: Array = gradient * total / (total + np.float32(1e-7))
    return weighted


def _grad_cam_plus_plus_weights(gradient: Array, cells: Array) -> Array:
    square = gradient * gradient
    alpha = square / (2 * square + cells.sum(axis=1) * square * gradient + np.float32(1e-6))
    weighted: Array = cells.shape[1] * alpha * np.maximum(gradient, 0)
    return weighted


def _layer_cam_weights(gradient: Array, cells: Array) -> Array:  # noqa: ARG001 -- as the others
    return np.maximum(gradient, 0)


CLOSED_FORMS: dict[str, Callable[[Array, Array], Array]] = {
    "gradcam": _grad_cam_weights,
    "hirescam": _grad_cam_weights,
    "xgradcam": _x_grad_cam_weights,
    "gradcam++": _grad_cam_plus_plus_weights,
    "layercam": _layer_cam_weights,
}
"""(g (K,), A (K, cells)) -> v (K,), for each method of `engine.cam.torch_methods`, by its name."""
